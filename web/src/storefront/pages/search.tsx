import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { useSearchParams } from 'wouter';
import { ApiError } from '../../shared/problem.ts';
import { useShop } from '../../shared/shop.ts';
import { Page } from '../../shared/ui/page.tsx';
import { ProductList } from '../catalogue/product-list.tsx';
import { searchQuery } from '../catalogue/queries.ts';

export function SearchPage() {
  const { api } = useShop();
  const [search] = useSearchParams();
  const text = search.get('q')?.trim() ?? '';
  // While one types, the last results stay until the next are there.
  const list = useInfiniteQuery({ ...searchQuery(api, text), placeholderData: keepPreviousData });
  const refusal = list.error instanceof ApiError ? list.error.fieldError('q') : undefined;
  return (
    <Page
      title="Search"
      heading={
        text === '' ? (
          'Search'
        ) : (
          <>
            Results for{' '}
            <q>
              <bdi>{text}</bdi>
            </q>
          </>
        )
      }
    >
      {text === '' && <p className="empty">Enter what you look for.</p>}
      {refusal !== undefined && (
        <p className="empty" role="alert">
          {refusal}
        </p>
      )}
      {text !== '' && refusal === undefined && (
        <ProductList list={list} empty="Nothing was found. Try fewer words, or only their beginning." />
      )}
    </Page>
  );
}
