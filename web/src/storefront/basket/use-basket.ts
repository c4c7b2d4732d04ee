/** The basket of whoever is here, and what they can do with it. */
import { useMutation, useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import { createContext, useContext, useSyncExternalStore } from 'react';
import { dataOf, type Schemas } from '../../shared/api.ts';
import { useService, useShop, useUser } from '../../shared/shop.ts';
import { productQuery } from '../catalogue/queries.ts';
import { ofAccount, ofGuest, type BasketView } from './basket-view.ts';
import type { GuestBasket } from './guest-basket.ts';

export const GuestBasketContext = createContext<GuestBasket | undefined>(undefined);

export function useGuestBasket(): GuestBasket {
  const basket = useContext(GuestBasketContext);
  if (basket === undefined) throw new Error('outside of GuestBasketContext');
  return basket;
}

export const BASKET_KEY = ['basket'] as const;

interface BasketState {
  /** `undefined` while it is loading. */
  readonly view: BasketView | undefined;
  readonly units: number | undefined;
  readonly error: unknown;
  readonly reload: () => void;
}

export function useBasket(): BasketState {
  const { api } = useShop();
  const user = useUser();
  const deployed = useService('basket');
  const guest = useGuestBasket();
  const lines = useSyncExternalStore(guest.subscribe, guest.lines);

  const account = useQuery({
    queryKey: [...BASKET_KEY, user?.customerId],
    enabled: user !== undefined && deployed,
    // Prices change without us: each look at the basket reads it again.
    staleTime: 0,
    refetchOnWindowFocus: 'always',
    queryFn: () => dataOf(api.GET('/basket/{userName}', { params: { path: { userName: user?.userName ?? '' } } })),
  });
  const ids = user === undefined ? [...new Set(lines.map(({ productId }) => productId))] : [];
  const products = useQueries({ queries: ids.map((id) => productQuery(api, id)) });

  if (user !== undefined) {
    const view = account.data && ofAccount(account.data);
    return { view, units: view && unitsOf(view.lines), error: account.error, reload: () => void account.refetch() };
  }
  const failed = products.find(({ error }) => error !== null);
  const isLoading = products.some(({ data }) => data === undefined);
  const found = new Map(
    products.flatMap(({ data }, index) => {
      const id = ids[index];
      return id === undefined || data === undefined ? [] : [[id, data] as const];
    }),
  );
  return {
    view: isLoading ? undefined : ofGuest(lines, found),
    units: unitsOf(lines),
    error: failed?.error ?? null,
    reload: () => {
      for (const product of products) void product.refetch();
    },
  };
}

export interface NewLine {
  readonly product: Schemas['Product'];
  readonly quantity: number;
  readonly color?: string;
}

export function useAddToBasket() {
  const { api } = useShop();
  const user = useUser();
  const guest = useGuestBasket();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async ({ product, quantity, color }: NewLine) => {
      const line = { productId: product.id, quantity, ...(color !== undefined && { color }) };
      if (user === undefined) return guest.add({ ...line, price: product.price });
      await api.POST('/basket/{userName}/items', { params: { path: { userName: user.userName } }, body: line });
    },
    // Also after a failure: the response may be lost, and the unit be there.
    onSettled: () => queries.invalidateQueries({ queryKey: BASKET_KEY }),
  });
}

export function useChangeBasket() {
  const { api } = useShop();
  const user = useUser();
  const guest = useGuestBasket();
  const queries = useQueryClient();
  return useMutation({
    // One after the other, so that the last one is the last to arrive.
    scope: { id: 'basket' },
    /** A quantity of 0 removes the line. */
    mutationFn: async ({ key, quantity }: { readonly key: string; readonly quantity: number }) => {
      if (user === undefined) return quantity === 0 ? guest.remove(key) : guest.change(key, quantity);
      const params = { path: { userName: user.userName, itemId: key } };
      if (quantity === 0) await api.DELETE('/basket/{userName}/items/{itemId}', { params });
      else await api.PATCH('/basket/{userName}/items/{itemId}', { params, body: { quantity } });
    },
    onSettled: () => queries.invalidateQueries({ queryKey: BASKET_KEY }),
  });
}

function unitsOf(lines: readonly { readonly quantity: number }[]): number {
  return lines.reduce((units, { quantity }) => units + quantity, 0);
}
