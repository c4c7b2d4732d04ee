/** Checks out, at most once for however many attempts. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { dataOf, type Schemas } from '../../shared/api.ts';
import { writeJson } from '../../shared/json.ts';
import { ApiError, isTransient } from '../../shared/problem.ts';
import { useShop } from '../../shared/shop.ts';
import { BASKET_KEY } from '../basket/use-basket.ts';
import { attemptKey, endAttempt } from '../../shared/attempt.ts';

const ACTION = 'checkout';
const RETRIES = 3;

export function useCheckout(onPlaced: (receipt: Schemas['Receipt']) => void) {
  const { api } = useShop();
  const queries = useQueryClient();
  const isSending = useRef(false);
  const mutation = useMutation({
    mutationFn: async (checkout: Schemas['Checkout']) => {
      const key = await attemptKey(ACTION, writeJson(checkout));
      return dataOf(api.POST('/basket/checkout', { params: { header: { 'Idempotency-Key': key } }, body: checkout }));
    },
    // Safe to repeat: it is the same request with the same key.
    retry: (failures, error) => failures < RETRIES && isTransient(error),
    retryDelay: (failures, error) =>
      Math.min(((error instanceof ApiError && error.retryAfter) || 0) * 1000 || 1000 * 2 ** failures, 10_000),
    networkMode: 'always',
    onSuccess: () => endAttempt(ACTION),
    onError: (error) => {
      if (!isTransient(error)) endAttempt(ACTION);
    },
    onSettled: () => {
      isSending.current = false;
      return queries.invalidateQueries({ queryKey: BASKET_KEY });
    },
  });
  return {
    ...mutation,
    /** A second press while the first is under way does nothing. */
    checkOut: (checkout: Schemas['Checkout']) => {
      if (isSending.current) return;
      isSending.current = true;
      // Whoever has left the page meanwhile stays where they are.
      mutation.mutate(checkout, { onSuccess: onPlaced });
    },
  };
}
