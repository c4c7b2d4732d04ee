import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { dataOf } from '../../shared/api.ts';
import { itemsOf, nextCursor } from '../../shared/paging.ts';
import { useShop } from '../../shared/shop.ts';
import { ListEnd } from '../../shared/ui/list-end.tsx';
import { Page } from '../../shared/ui/page.tsx';
import { Skeleton } from '../../shared/ui/skeleton.tsx';
import { Price, Time } from '../../shared/ui/values.tsx';

export const PRODUCTS_KEY = ['staff', 'products'] as const;

export function ProductsPage() {
  const { api } = useShop();
  const list = useInfiniteQuery({
    queryKey: PRODUCTS_KEY,
    initialPageParam: undefined as string | undefined,
    getNextPageParam: nextCursor,
    queryFn: ({ pageParam }) =>
      dataOf(
        api.GET('/product', {
          params: { query: { limit: 50, ...(pageParam !== undefined && { cursor: pageParam }) } },
        }),
      ),
  });
  const products = itemsOf(list.data?.pages ?? [], ({ id }) => id);
  return (
    <Page title="Products">
      <div className="actions">
        <Link href="/products/new" className="button button-primary">
          New product
        </Link>
      </div>
      {list.isPending && <Skeleton lines={6} label="Loading the products" />}
      {list.isSuccess && products.length === 0 && <p className="empty">There are no products yet.</p>}
      {products.length > 0 && (
        <div className="table-wrap" tabIndex={0} role="region" aria-label="Products">
          <table>
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Category</th>
                <th scope="col" className="number">
                  Price
                </th>
                <th scope="col" className="number">
                  For sale
                </th>
                <th scope="col">Changed</th>
              </tr>
            </thead>
            <tbody>
              {products.map((product) => (
                <tr key={product.id}>
                  <th scope="row">
                    <Link href={`/products/${product.id}`}>
                      <bdi>{product.name}</bdi>
                    </Link>
                  </th>
                  <td>
                    <bdi>{product.category}</bdi>
                  </td>
                  <td className="number">
                    <Price amount={product.price} currency={product.currency} />
                  </td>
                  <td className="number">{product.available ?? '–'}</td>
                  <td>
                    <Time at={product.updatedAt} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <ListEnd list={list} />
    </Page>
  );
}
