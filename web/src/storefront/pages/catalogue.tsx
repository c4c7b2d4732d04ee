import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { Link, useSearchParams } from 'wouter';
import { itemsOf } from '../../shared/paging.ts';
import { useShop } from '../../shared/shop.ts';
import { sentence } from '../../shared/text.ts';
import { announce } from '../../shared/ui/announcer.tsx';
import { LoadMore } from '../../shared/ui/load-more.tsx';
import { Failure } from '../../shared/ui/notice.tsx';
import { Page } from '../../shared/ui/page.tsx';
import { CardSkeletons, ProductCard } from '../catalogue/product-card.tsx';
import { productsQuery } from '../catalogue/queries.ts';

export function CataloguePage() {
  const { api } = useShop();
  const [search] = useSearchParams();
  const category = search.get('category') || undefined;
  const list = useInfiniteQuery(productsQuery(api, category));
  const products = itemsOf(list.data?.pages ?? [], ({ id }) => id);
  const pages = list.data?.pages.length ?? 0;

  useEffect(() => {
    if (pages > 0) announce(`${products.length} products shown`);
  }, [category, pages, products.length]);

  return (
    <Page
      title={category === undefined ? 'Ferrocart' : sentence(category)}
      heading={category === undefined ? 'Everything we sell' : sentence(category)}
    >
      <Categories current={category} />
      {list.isPending && <CardSkeletons />}
      {products.length > 0 && (
        <ul className="cards">
          {products.map((product) => (
            <ProductCard key={product.id} product={product} />
          ))}
        </ul>
      )}
      {list.isSuccess && products.length === 0 && !list.hasNextPage && (
        <p className="empty">There is nothing here yet.</p>
      )}
      {list.error !== null && (
        <Failure error={list.error} {...(pages === 0 && { onRetry: () => void list.refetch() })} />
      )}
      <LoadMore
        hasMore={list.hasNextPage}
        isLoading={list.isFetchingNextPage}
        failed={list.isFetchNextPageError}
        pages={pages}
        onMore={() => void list.fetchNextPage()}
      />
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
