import { expect, it } from 'vitest';
import { itemsOf, nextCursor } from '../src/shared/paging.ts';

it('an item that moved to a later page is shown once, where it was first', () => {
  const pages = [{ items: ['a', 'b'], nextCursor: '1' }, { items: [], nextCursor: '2' }, { items: ['b', 'c'] }];
  expect(itemsOf(pages, (item) => item)).toEqual(['a', 'b', 'c']);
});

it('a short page is not the last one while it has a cursor', () => {
  expect(nextCursor({ items: [], nextCursor: 'x' })).toBe('x');
  expect(nextCursor({ items: ['a'] })).toBeUndefined();
});
