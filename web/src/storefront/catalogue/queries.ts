/** Reads of the catalogue. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { dataOf, type Api, type Schemas } from '../../shared/api.ts';
import { nextCursor } from '../../shared/paging.ts';
import { ApiError } from '../../shared/problem.ts';

const PAGE_SIZE = 24;

/** `null` if there is no such product. Each look, and each return to the page, reads price and stock again. */
export function productQuery(api: Api, id: string) {
  return queryOptions({
    queryKey: ['product', id],
    staleTime: 0,
    refetchOnWindowFocus: 'always',
    queryFn: async (): Promise<Schemas['Product'] | null> => {
      try {
        return await dataOf(api.GET('/product/{id}', { params: { path: { id } } }));
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return null;
        throw error;
      }
    },
  });
}

export function productsQuery(api: Api, category: string | undefined) {
  return infiniteQueryOptions({
    queryKey: ['products', category ?? ''],
    initialPageParam: undefined as string | undefined,
    getNextPageParam: nextCursor,
    // The pages of a long list are not all read again for a glance at another window.
    refetchOnWindowFocus: false,
    staleTime: 60_000,
    queryFn: ({ pageParam }) =>
      dataOf(
        api.GET('/product', {
          params: {
            query: {
              limit: PAGE_SIZE,
              ...(category !== undefined && { category }),
              ...(pageParam !== undefined && { cursor: pageParam }),
            },
          },
        }),
      ),
  });
}

/** Products that have all words of a text. */
export function searchQuery(api: Api, text: string) {
  return infiniteQueryOptions({
    queryKey: ['search', text],
    enabled: text !== '',
    initialPageParam: undefined as string | undefined,
    getNextPageParam: nextCursor,
    refetchOnWindowFocus: false,
    staleTime: 60_000,
    queryFn: ({ pageParam, signal }) =>
      dataOf(
        api.GET('/search', {
          params: { query: { q: text, limit: PAGE_SIZE, ...(pageParam !== undefined && { cursor: pageParam }) } },
          signal,
        }),
      ),
  });
}
