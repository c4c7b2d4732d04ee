/** What follows the items of a paged list: why it failed, or the next page. */
import { LoadMore } from './load-more.tsx';
import { Failure } from './notice.tsx';

/** The result of an infinite query, as far as its end is concerned. */
export interface PagedList {
  readonly data: { readonly pages: readonly unknown[] } | undefined;
  readonly error: Error | null;
  readonly hasNextPage: boolean;
  readonly isFetchingNextPage: boolean;
  readonly isFetchNextPageError: boolean;
  readonly refetch: () => unknown;
  readonly fetchNextPage: () => unknown;
}

interface Props {
  readonly list: PagedList;
  /** The page explains the error itself. */
  readonly isExplained?: boolean;
}

export function ListEnd({ list, isExplained = false }: Props) {
  const pages = list.data?.pages.length ?? 0;
  return (
    <>
      {list.error !== null && !isExplained && (
        <Failure error={list.error} {...(pages === 0 && { onRetry: () => void list.refetch() })} />
      )}
      <LoadMore
        hasMore={list.hasNextPage}
        isLoading={list.isFetchingNextPage}
        failed={list.isFetchNextPageError}
        pages={pages}
        onMore={() => void list.fetchNextPage()}
      />
    </>
  );
}
