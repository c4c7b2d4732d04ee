/** Reads of a customer's own orders. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { dataOf, type Api } from '../../shared/api.ts';
import { nextCursor } from '../../shared/paging.ts';

export const ORDERS_KEY = ['orders'] as const;

export function orderKey(orderId: string) {
  return ['order', orderId] as const;
}

export function orderQuery(api: Api, userName: string, orderId: string) {
  return queryOptions({
    queryKey: orderKey(orderId),
    queryFn: () => dataOf(api.GET('/order/{userName}/{orderId}', { params: { path: { userName, orderId } } })),
  });
}

export function ordersQuery(api: Api, userName: string) {
  return infiniteQueryOptions({
    queryKey: [...ORDERS_KEY, userName],
    initialPageParam: undefined as string | undefined,
    getNextPageParam: nextCursor,
    queryFn: ({ pageParam }) =>
      dataOf(
        api.GET('/order/{userName}', {
          params: { path: { userName }, query: pageParam === undefined ? {} : { cursor: pageParam } },
        }),
      ),
  });
}
