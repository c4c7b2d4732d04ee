/** The storefront's pages and their paths. */
import { useState, type ReactNode } from 'react';
import { Redirect, Route, Switch, useLocation, useSearchParams } from 'wouter';
import { safeNext } from '../shared/next.ts';
import type { User } from '../shared/session.ts';
import { useService, useSession, useShop } from '../shared/shop.ts';
import { Skeleton } from '../shared/ui/skeleton.tsx';
import { BringInGuest } from './basket/bring-in-guest.tsx';
import { GuestBasket } from './basket/guest-basket.ts';
import { GuestBasketContext } from './basket/use-basket.ts';
import { Layout } from './layout.tsx';
import { AccountPage } from './pages/account.tsx';
import { BasketPage } from './pages/basket.tsx';
import { CataloguePage } from './pages/catalogue.tsx';
import { ChatPage } from './pages/chat.tsx';
import { CheckoutPage } from './pages/checkout.tsx';
import { ErasedPage } from './pages/erased.tsx';
import { ForgottenPasswordPage } from './pages/forgotten-password.tsx';
import { MissingPage } from './pages/missing.tsx';
import { OrderPage } from './pages/order.tsx';
import { OrdersPage } from './pages/orders.tsx';
import { ProductPage } from './pages/product.tsx';
import { SearchPage } from './pages/search.tsx';
import { SignInPage } from './pages/sign-in.tsx';
import { SignUpPage } from './pages/sign-up.tsx';

export function App() {
  const [guest] = useState(() => {
    const basket = new GuestBasket();
    window.addEventListener('storage', (event) => basket.onStorage(event));
    return basket;
  });
  return (
    <GuestBasketContext value={guest}>
      <BringInGuest />
      <Layout>
        <Pages />
      </Layout>
    </GuestBasketContext>
  );
}

function Pages() {
  const {
    config: { webSocketUrl },
  } = useShop();
  const sells = useService('basket');
  const takesOrders = useService('ordering');
  const hasChat = useService('realtime');
  const hasSearch = useService('search');
  return (
    <Switch>
      <Route path="/">
        <CataloguePage />
      </Route>
      <Route path="/product/:id">{({ id }) => <ProductPage key={id} id={id} />}</Route>
      {hasSearch && (
        <Route path="/search">
          <SearchPage />
        </Route>
      )}
      {sells && (
        <Route path="/basket">
          <BasketPage />
        </Route>
      )}
      {sells && takesOrders && (
        <Route path="/checkout">
          <SignedIn>{(user) => <CheckoutPage user={user} />}</SignedIn>
        </Route>
      )}
      {takesOrders && (
        <Route path="/orders">
          <SignedIn>{(user) => <OrdersPage user={user} />}</SignedIn>
        </Route>
      )}
      {takesOrders && (
        <Route path="/orders/:id">
          {({ id }) => <SignedIn>{(user) => <OrderPage key={id} user={user} orderId={id} />}</SignedIn>}
        </Route>
      )}
      {hasChat && webSocketUrl !== undefined && (
        <Route path="/chat">
          <SignedIn>{() => <ChatPage url={webSocketUrl} />}</SignedIn>
        </Route>
      )}
      <Route path="/account">
        <SignedIn>{(user) => <AccountPage user={user} />}</SignedIn>
      </Route>
      <Route path="/sign-in">
        <Guest>
          <SignInPage />
        </Guest>
      </Route>
      <Route path="/sign-up">
        <Guest>
          <SignUpPage />
        </Guest>
      </Route>
      <Route path="/forgotten-password">
        <Guest>
          <ForgottenPasswordPage />
        </Guest>
      </Route>
      <Route path="/erased">
        <ErasedPage />
      </Route>
      <Route>
        <MissingPage />
      </Route>
    </Switch>
  );
}

/** A page for a signed-in user; others sign in first, and come back. */
function SignedIn({ children }: { readonly children: (user: User) => ReactNode }) {
  const state = useSession();
  const [path] = useLocation();
  if (state.status === 'loading')
    return (
      <div className="page">
        <Skeleton />
      </div>
    );
  if (state.status === 'signedOut') return <Redirect to={`/sign-in?${new URLSearchParams({ next: path })}`} replace />;
  return children(state.user);
}

/** A page about signing in: whoever is signed in goes on. */
function Guest({ children }: { readonly children: ReactNode }) {
  const state = useSession();
  const [search] = useSearchParams();
  if (state.status === 'loading')
    return (
      <div className="page">
        <Skeleton />
      </div>
    );
  if (state.status === 'signedIn') return <Redirect to={safeNext(search.get('next'))} replace />;
  return children;
}
