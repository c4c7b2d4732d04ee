/** The end of a list: loads the next page when it comes into view, or when pressed. */
import { useEffect, useEffectEvent, useRef } from 'react';
import { Button } from './button.tsx';

interface Props {
  readonly hasMore: boolean;
  readonly isLoading: boolean;
  /** How many pages are there: the end may still be in view after a short one. */
  readonly pages: number;
  /** After an error nothing is loaded until somebody presses the button. */
  readonly failed: boolean;
  readonly onMore: () => void;
}

export function LoadMore({ hasMore, isLoading, pages, failed, onMore }: Props) {
  const end = useRef<HTMLDivElement>(null);
  const more = useEffectEvent(onMore);
  useEffect(() => {
    if (end.current === null || !hasMore || isLoading || failed) return undefined;
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting) more();
      },
      { rootMargin: '400px' },
    );
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [hasMore, isLoading, failed, pages]);
  if (!hasMore) return null;
  return (
    <div ref={end} className="load-more">
      <Button kind="plain" busy={isLoading} onClick={onMore}>
        {failed ? 'Try again' : 'Show more'}
      </Button>
    </div>
  );
}
