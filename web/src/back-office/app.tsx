/** The back office: its pages are for staff. The API refuses others; the pages only say so. */
import type { ReactNode } from 'react';
import { Redirect, Route, Router, Switch } from 'wouter';
import { SignInForm } from '../shared/account/sign-in-form.tsx';
import { useService, useSession, useShop } from '../shared/shop.ts';
import { Button } from '../shared/ui/button.tsx';
import { Notice } from '../shared/ui/notice.tsx';
import { Page } from '../shared/ui/page.tsx';
import { Skeleton } from '../shared/ui/skeleton.tsx';
import { Layout } from './layout.tsx';
import { ChatPage, ChatsPage } from './pages/chats.tsx';
import { EditProductPage, NewProductPage } from './pages/product.tsx';
import { OrderPage } from './pages/order.tsx';
import { OrdersPage } from './pages/orders.tsx';
import { ProductsPage } from './pages/products.tsx';

export const BASE = '/back-office';

export function App() {
  return (
    <Router base={BASE}>
      <Layout>
        <StaffOnly>
          <Pages />
        </StaffOnly>
      </Layout>
    </Router>
  );
}

function Pages() {
  const {
    config: { webSocketUrl },
  } = useShop();
  const hasOrders = useService('ordering');
  const hasChat = useService('realtime');
  return (
    <Switch>
      <Route path="/">
        <Redirect to={hasOrders ? '/orders' : '/products'} replace />
      </Route>
      <Route path="/products">
        <ProductsPage />
      </Route>
      <Route path="/products/new">
        <NewProductPage />
      </Route>
      <Route path="/products/:id">{({ id }) => <EditProductPage key={id} id={id} />}</Route>
      {hasOrders && (
        <Route path="/orders">
          <OrdersPage />
        </Route>
      )}
      {hasOrders && (
        <Route path="/orders/:customerId/:userName/:id">
          {({ customerId, userName, id }) => (
            <OrderPage key={id} customerId={customerId} userName={userName} orderId={id} />
          )}
        </Route>
      )}
      {hasChat && webSocketUrl !== undefined && (
        <Route path="/chats">
          <ChatsPage url={webSocketUrl} />
        </Route>
      )}
      {hasChat && webSocketUrl !== undefined && (
        <Route path="/chats/:customerId">
          {({ customerId }) => <ChatPage key={customerId} url={webSocketUrl} customerId={customerId} />}
        </Route>
      )}
      <Route>
        <Page title="Not found">
          <p>There is no such page.</p>
        </Page>
      </Route>
    </Switch>
  );
}

function StaffOnly({ children }: { readonly children: ReactNode }) {
  const { session } = useShop();
  const state = useSession();
  if (state.status === 'loading')
    return (
      <div className="page">
        <Skeleton />
      </div>
    );
  if (state.status === 'signedOut') {
    return (
      <Page key="sign-in" title="Sign in" narrow>
        {state.ended && <Notice>Your session has ended. Please sign in again.</Notice>}
        <SignInForm />
      </Page>
    );
  }
  if (!state.user.isStaff) {
    return (
      <Page key="refused" title="For staff only" narrow>
        <p>
          You are signed in as <bdi>{state.user.userName}</bdi>, who is not staff.
        </p>
        <div className="actions">
          <a className="button button-primary" href="/">
            To the shop
          </a>
          <Button kind="plain" onClick={() => void session.signOut()}>
            Sign out
          </Button>
        </div>
      </Page>
    );
  }
  return children;
}
