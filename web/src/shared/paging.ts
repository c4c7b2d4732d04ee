/** Lists that come in pages. */

export interface PageOf<T> {
  readonly items: readonly T[];
  readonly nextCursor?: string;
}

/** All items of the pages that are there, each once: an item may move to a later page meanwhile. */
export function itemsOf<T>(pages: readonly PageOf<T>[], idOf: (item: T) => string): T[] {
  const items = new Map<string, T>();
  for (const page of pages) {
    for (const item of page.items) {
      if (!items.has(idOf(item))) items.set(idOf(item), item);
    }
  }
  return [...items.values()];
}

/** The last page alone has no cursor; others may be short, or empty. */
export function nextCursor(page: PageOf<unknown>): string | undefined {
  return page.nextCursor;
}
