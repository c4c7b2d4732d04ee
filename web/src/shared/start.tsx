/** Starts a page: reads the configuration, continues the session and renders. */
import { focusManager, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode, type ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import { createApi } from './api.ts';
import { Cognito } from './cognito.ts';
import { loadConfig } from './config.ts';
import { ApiError, isTransient } from './problem.ts';
import { Session } from './session.ts';
import { ShopContext, type Shop } from './shop.ts';
import { Failure } from './ui/notice.tsx';

const MAX_RETRIES = 3;

export async function start(render: (shop: Shop) => ReactNode): Promise<void> {
  const root = createRoot(document.getElementById('root')!);
  let shop: Shop;
  try {
    const config = await loadConfig();
    const cognito = new Cognito(config.userPool);
    const session = new Session(cognito);
    shop = { config, cognito, session, api: createApi(config.apiUrl, session) };
  } catch (error) {
    root.render(
      <main className="narrow">
        <h1>The shop is closed</h1>
        <Failure error={error} onRetry={() => location.reload()} />
      </main>,
    );
    return;
  }
  readAgainOnFocus();
  window.addEventListener('storage', (event) => shop.session.onStorage(event));
  void shop.session.restore();
  const queries = newQueryClient();
  // What belongs to a user must not be shown to the next one.
  let last: string | undefined;
  shop.session.subscribe(() => {
    const state = shop.session.state();
    const user = state.status === 'signedIn' ? state.user.customerId : undefined;
    if (last !== undefined && user !== last) queries.clear();
    last = user;
  });
  root.render(
    <StrictMode>
      <ShopContext value={shop}>
        <QueryClientProvider client={queries}>{render(shop)}</QueryClientProvider>
      </ShopContext>
    </StrictMode>,
  );
}

/** Also when another window covered this one: the library itself only looks at whether a tab is hidden. */
function readAgainOnFocus(): void {
  focusManager.setEventListener((onFocus) => {
    const listener = (): void => onFocus();
    window.addEventListener('focus', listener);
    window.addEventListener('visibilitychange', listener);
    return () => {
      window.removeEventListener('focus', listener);
      window.removeEventListener('visibilitychange', listener);
    };
  });
}

/** Reads are retried, changes are not: only whoever makes one knows whether it may be repeated. */
function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        retry: (failures, error) => failures < MAX_RETRIES && isTransient(error),
        retryDelay: (failures, error) =>
          Math.min(((error instanceof ApiError && error.retryAfter) || 0) * 1000 || 500 * 2 ** failures, 10_000),
        staleTime: 5_000,
      },
      mutations: { retry: false },
    },
  });
}
