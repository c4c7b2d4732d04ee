/** The frame of every page: its title, and the focus that moves to it after a navigation. */
import { useEffect, useRef, type ReactNode } from 'react';

interface Props {
  readonly title: string;
  /** Shown in the place of the title. */
  readonly heading?: ReactNode;
  readonly narrow?: boolean;
  readonly children: ReactNode;
}

/** The page that a visit begins with keeps the browser's own focus. */
let isFirst = true;

export function Page({ title, heading, narrow = false, children }: Props) {
  const ref = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = title === 'Ferrocart' ? title : `${title} · Ferrocart`;
  }, [title]);
  useEffect(() => {
    if (isFirst) isFirst = false;
    else ref.current?.focus({ preventScroll: true });
  }, []);
  return (
    <div className={narrow ? 'page narrow' : 'page'}>
      <h1 ref={ref} tabIndex={-1}>
        {heading ?? title}
      </h1>
      {children}
    </div>
  );
}
