import { useEffect } from 'react';
import { itemsOf, type PageOf } from '../../shared/paging.ts';
import { announce } from '../../shared/ui/announcer.tsx';
import { ListEnd, type PagedList } from '../../shared/ui/list-end.tsx';
import { CardSkeletons, ProductCard, type CardProduct } from './product-card.tsx';

interface Props {
  readonly list: PagedList & {
    readonly data: { readonly pages: readonly PageOf<CardProduct>[] } | undefined;
    readonly isPending: boolean;
    readonly isSuccess: boolean;
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
      <ListEnd list={list} />
    </>
  );
}
