import { useEffect, useState, type SubmitEvent } from 'react';
import { useLocation, useSearchParams } from 'wouter';

/** So many characters the search takes. */
const MAX_LENGTH = 200;
const TYPING_MS = 300;

/** Searches when sent; on the page of results also while one types. */
export function SearchBox() {
  const [path, navigate] = useLocation();
  const [search] = useSearchParams();
  const isSearching = path === '/search';
  const shown = isSearching ? (search.get('q') ?? '') : '';
  const [typed, setTyped] = useState(shown);
  // Another search, or another page: by a link, or back.
  useEffect(() => setTyped(shown), [shown]);

  const text = typed.trim();
  useEffect(() => {
    if (!isSearching || text === '' || text === shown.trim()) return undefined;
    const timer = setTimeout(() => navigate(pathOf(text), { replace: true }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [isSearching, navigate, shown, text]);

  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (text !== '') navigate(pathOf(text), { replace: isSearching });
  };
  return (
    <form className="search" role="search" onSubmit={submit}>
      <input
        type="search"
        aria-label="Search for products"
        placeholder="Search"
        maxLength={MAX_LENGTH}
        autoCapitalize="none"
        value={typed}
        onChange={({ target }) => setTyped(target.value)}
      />
    </form>
  );
}

function pathOf(text: string): string {
  return `/search?${new URLSearchParams({ q: text })}`;
}
