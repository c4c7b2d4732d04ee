/** What all pages share: the stage's configuration, its API and who is signed in. */
import { createContext, useContext, useSyncExternalStore } from 'react';
import type { Api } from './api.ts';
import type { Cognito } from './cognito.ts';
import type { Config } from './config.ts';
import type { Session, SessionState, User } from './session.ts';

export interface Shop {
  readonly config: Config;
  readonly api: Api;
  readonly cognito: Cognito;
  readonly session: Session;
}

export const ShopContext = createContext<Shop | undefined>(undefined);

export function useShop(): Shop {
  const shop = useContext(ShopContext);
  if (shop === undefined) throw new Error('outside of ShopContext');
  return shop;
}

/** Whether a service is deployed. */
export function useService(name: string): boolean {
  return useShop().config.services.includes(name);
}

export function useSession(): SessionState {
  const { session } = useShop();
  return useSyncExternalStore(session.subscribe, session.state);
}

/** The signed-in user; `undefined` for guests. */
export function useUser(): User | undefined {
  const state = useSession();
  return state.status === 'signedIn' ? state.user : undefined;
}
