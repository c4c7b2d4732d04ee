/** What surrounds every page. */
import { useEffect, useRef, type ReactNode } from 'react';
import { Link, useLocation } from 'wouter';
import { useService, useShop, useUser } from '../shared/shop.ts';
import { Announcer } from '../shared/ui/announcer.tsx';
import { Mark } from '../shared/ui/mark.tsx';
import { SearchBox } from './catalogue/search-box.tsx';
import { useBasket } from './basket/use-basket.ts';

export function Layout({ children }: { readonly children: ReactNode }) {
  useScrollToTop();
  return (
    <>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <Header />
      <main id="main" tabIndex={-1}>
        {children}
      </main>
      <footer className="site-footer">
        <p>Ferrocart is a demonstration shop. It sells nothing, and moves no money.</p>
      </footer>
      <Announcer />
    </>
  );
}

function Header() {
  const user = useUser();
  const {
    config: { webSocketUrl },
  } = useShop();
  const hasBasket = useService('basket');
  const hasSearch = useService('search');
  const hasOrders = useService('ordering');
  const hasChat = useService('realtime') && webSocketUrl !== undefined;
  return (
    <header className="site-header">
      <div className="site-header-inner">
        <Link href="/" className="brand">
          <Mark />
          Ferrocart
        </Link>
        {hasSearch && <SearchBox />}
        <nav aria-label="Shop">
          {user !== undefined && hasOrders && <NavLink href="/orders">Orders</NavLink>}
          {user !== undefined && hasChat && <NavLink href="/chat">Chat</NavLink>}
          {user === undefined ? <NavLink href="/sign-in">Sign in</NavLink> : <NavLink href="/account">Account</NavLink>}
          {hasBasket && <BasketLink />}
        </nav>
      </div>
    </header>
  );
}

function NavLink({ href, children }: { readonly href: string; readonly children: ReactNode }) {
  const [path] = useLocation();
  return (
    <Link href={href} className="nav-link" aria-current={path === href ? 'page' : undefined}>
      {children}
    </Link>
  );
}

function BasketLink() {
  const { units } = useBasket();
  return (
    <NavLink href="/basket">
      Basket
      {units !== undefined && units > 0 && (
        <span className="count">
          {units}
          <span className="hidden"> {units === 1 ? 'unit' : 'units'}</span>
        </span>
      )}
    </NavLink>
  );
}

/** A new page begins at its top; going back, the browser restores where one was. */
function useScrollToTop(): void {
  const [path] = useLocation();
  const isBack = useRef(true);
  useEffect(() => {
    const onBack = (): void => {
      isBack.current = true;
    };
    window.addEventListener('popstate', onBack);
    return () => window.removeEventListener('popstate', onBack);
  }, []);
  useEffect(() => {
    if (!isBack.current) window.scrollTo(0, 0);
    isBack.current = false;
  }, [path]);
}
