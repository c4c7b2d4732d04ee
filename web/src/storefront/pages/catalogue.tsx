import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useSearchParams } from 'wouter';
import { useShop } from '../../shared/shop.ts';
import { sentence } from '../../shared/text.ts';
import { Page } from '../../shared/ui/page.tsx';
import { ProductList } from '../catalogue/product-list.tsx';
import { productsQuery } from '../catalogue/queries.ts';

export function CataloguePage() {
  const { api } = useShop();
  const [search] = useSearchParams();
  const category = search.get('category') || undefined;
  const list = useInfiniteQuery(productsQuery(api, category));
  return (
    <Page
      title={category === undefined ? 'Ferrocart' : sentence(category)}
      heading={category === undefined ? 'Everything we sell' : sentence(category)}
    >
      <Categories current={category} />
      <ProductList list={list} empty="There is nothing here yet." />
    </Page>
  );
}

/** The API has no list of categories: these are of the products that were loaded. */
function Categories({ current }: { readonly current: string | undefined }) {
  const { api } = useShop();
  const all = useInfiniteQuery(productsQuery(api, undefined));
  const names = new Set(all.data?.pages.flatMap(({ items }) => items.map(({ category }) => category)));
  if (current !== undefined) names.add(current);
  if (names.size === 0) return <div className="chips skeleton-chips" aria-hidden="true" />;
  return (
    <nav className="chips" aria-label="Categories">
      <Link href="/" aria-current={current === undefined ? 'page' : undefined}>
        All
      </Link>
      {[...names]
        .sort((one, other) => one.localeCompare(other))
        .map((name) => (
          <Link
            key={name}
            href={`/?${new URLSearchParams({ category: name })}`}
            aria-current={name === current ? 'page' : undefined}
          >
            {sentence(name)}
          </Link>
        ))}
    </nav>
  );
}
