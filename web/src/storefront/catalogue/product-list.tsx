import { useEffect } from 'react';
import { itemsOf, type PageOf } from '../../shared/paging.ts';
import { announce } from '../../shared/ui/announcer.tsx';
import { LoadMore } from '../../shared/ui/load-more.tsx';
import { Failure } from '../../shared/ui/notice.tsx';
import { CardSkeletons, ProductCard, type CardProduct } from './product-card.tsx';

interface Props {
  readonly list: {
    readonly data: { readonly pages: readonly PageOf<CardProduct>[] } | undefined;
    readonly error: Error | null;
    readonly isPending: boolean;
    readonly isSuccess: boolean;
    readonly hasNextPage: boolean;
    readonly isFetchingNextPage: boolean;
    readonly isFetchNextPageError: boolean;
    readonly refetch: () => unknown;
    readonly fetchNextPage: () => unknown;
  };
  /** Shown where there is nothing. */
  readonly empty: string;
}

/** Products in pages, which are loaded as one scrolls. */
export function ProductList({ list, empty }: Props) {
  const pages = list.data?.pages ?? [];
  const products = itemsOf(pages, ({ id }) => id);
  useEffect(() => {
    if (list.isSuccess) announce(products.length === 1 ? '1 product shown' : `${products.length} products shown`);
  }, [list.data, list.isSuccess, products.length]);
  return (
    <>
      {list.isPending && <CardSkeletons />}
      {products.length > 0 && (
        <ul className="cards">
          {products.map((product) => (
            <ProductCard key={product.id} product={product} />
          ))}
        </ul>
      )}
      {list.isSuccess && products.length === 0 && !list.hasNextPage && <p className="empty">{empty}</p>}
      {list.error !== null && (
        <Failure error={list.error} {...(pages.length === 0 && { onRetry: () => void list.refetch() })} />
      )}
      <LoadMore
        hasMore={list.hasNextPage}
        isLoading={list.isFetchingNextPage}
        failed={list.isFetchNextPageError}
        pages={pages.length}
        onMore={() => void list.fetchNextPage()}
      />
    </>
  );
}
