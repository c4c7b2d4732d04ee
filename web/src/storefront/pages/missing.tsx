import { Link } from 'wouter';
import { Page } from '../../shared/ui/page.tsx';

export function MissingPage({ what = 'This page' }: { readonly what?: string }) {
  return (
    <Page title="Not found" narrow>
      <p>{what} does not exist, or no longer does.</p>
      <p>
        <Link href="/">To the products</Link>
      </p>
    </Page>
  );
}
