/** What surrounds every page of the back office. */
import type { ReactNode } from 'react';
import { Link, useLocation } from 'wouter';
import { useService, useShop, useUser } from '../shared/shop.ts';
import { Announcer } from '../shared/ui/announcer.tsx';
import { Button } from '../shared/ui/button.tsx';
import { Mark } from '../shared/ui/mark.tsx';

export function Layout({ children }: { readonly children: ReactNode }) {
  const {
    config: { webSocketUrl },
    session,
  } = useShop();
  const user = useUser();
  const hasOrders = useService('ordering');
  const hasChat = useService('realtime') && webSocketUrl !== undefined;
  return (
    <>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <header className="site-header office">
        <div className="site-header-inner">
          <Link href="/" className="brand">
            <Mark />
            Back office
          </Link>
          {user?.isStaff === true && (
            <nav aria-label="Back office">
              {hasOrders && <NavLink href="/orders">Orders</NavLink>}
              <NavLink href="/products">Products</NavLink>
              {hasChat && <NavLink href="/chats">Chats</NavLink>}
              <a className="nav-link" href="/">
                Shop
              </a>
              <Button kind="link" className="nav-link" onClick={() => void session.signOut()}>
                Sign out
              </Button>
            </nav>
          )}
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
      <Announcer />
    </>
  );
}

function NavLink({ href, children }: { readonly href: string; readonly children: ReactNode }) {
  const [path] = useLocation();
  const isCurrent = path === href || path.startsWith(`${href}/`);
  return (
    <Link href={href} className="nav-link" aria-current={isCurrent ? 'page' : undefined}>
      {children}
    </Link>
  );
}
