/** Moves a guest's basket into the account of whoever signs in. */
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { isTransient } from '../../shared/problem.ts';
import { useService, useShop, useUser } from '../../shared/shop.ts';
import { announce } from '../../shared/ui/announcer.tsx';
import { bringIn } from './bring-in.ts';
import { BASKET_KEY, useGuestBasket } from './use-basket.ts';

const RETRY_MS = 4_000;

export function BringInGuest() {
  const { api } = useShop();
  const user = useUser();
  const guest = useGuestBasket();
  const queries = useQueryClient();
  const hasBasket = useService('basket');
  const [attempt, setAttempt] = useState(0);
  const userName = user?.userName;

  useEffect(() => {
    if (userName === undefined || !hasBasket || guest.lines().length === 0) return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const begin = async (): Promise<void> => {
      try {
        // One tab does it: another waits, and finds nothing left.
        const refused = await navigator.locks.request('ferrocart.basket', async () => bringIn(api, userName, guest));
        if (refused > 0) announce('Some products of your basket could not be kept');
      } catch (error) {
        if (isTransient(error)) timer = setTimeout(() => setAttempt(attempt + 1), RETRY_MS);
      }
      await queries.invalidateQueries({ queryKey: BASKET_KEY });
    };
    void begin();
    return () => clearTimeout(timer);
  }, [api, attempt, guest, hasBasket, queries, userName]);
  return null;
}
