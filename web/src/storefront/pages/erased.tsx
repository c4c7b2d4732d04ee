import { Link } from 'wouter';
import { Page } from '../../shared/ui/page.tsx';

export function ErasedPage() {
  return (
    <Page title="Goodbye" narrow>
      <p>Your account and your data are being erased. You are signed out.</p>
      <p>
        <Link href="/">To the products</Link>
      </p>
    </Page>
  );
}
