/** The stock of a product, and receipts of new units. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { dataOf } from '../../shared/api.ts';
import { attemptKey, endAttempt } from '../../shared/attempt.ts';
import { ApiError, isTransient } from '../../shared/problem.ts';
import { useShop } from '../../shared/shop.ts';
import { announce } from '../../shared/ui/announcer.tsx';
import { Button } from '../../shared/ui/button.tsx';
import { TextField } from '../../shared/ui/field.tsx';
import { Failure } from '../../shared/ui/notice.tsx';
import { Skeleton } from '../../shared/ui/skeleton.tsx';
import { Time } from '../../shared/ui/values.tsx';

const RETRIES = 3;

export function Stock({ productId }: { readonly productId: string }) {
  const { api } = useShop();
  const queries = useQueryClient();
  const [typed, setTyped] = useState('');
  const path = { productId };
  const action = `receipt.${productId}`;
  const stock = useQuery({
    queryKey: ['staff', 'stock', productId],
    queryFn: async () => {
      try {
        return await dataOf(api.GET('/stock/{productId}', { params: { path } }));
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return null;
        throw error;
      }
    },
  });
  const receive = useMutation({
    mutationFn: async (quantity: number) => {
      const key = await attemptKey(action, String(quantity));
      return dataOf(
        api.POST('/stock/{productId}/receipts', {
          params: { path, header: { 'Idempotency-Key': key } },
          body: { quantity },
        }),
      );
    },
    // Safe to repeat: a key is counted once.
    retry: (failures, error) => failures < RETRIES && isTransient(error),
    onSuccess: (now, quantity) => {
      endAttempt(action);
      setTyped('');
      queries.setQueryData(['staff', 'stock', productId], now);
      announce(`${quantity} units received`);
    },
    onError: (error) => {
      if (!isTransient(error)) endAttempt(action);
    },
  });
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (!receive.isPending) receive.mutate(Number(typed));
  };
  const fieldError = receive.error instanceof ApiError ? receive.error.fieldError('quantity') : undefined;
  return (
    <section className="summary" aria-labelledby="stock">
      <h2 id="stock">Stock</h2>
      {stock.isPending && <Skeleton lines={3} />}
      {stock.error !== null && <Failure error={stock.error} onRetry={() => void stock.refetch()} />}
      {stock.data === null && <p>No unit was ever received.</p>}
      {stock.data && (
        <dl className="facts">
          <dt>For sale</dt>
          <dd>{stock.data.onHand}</dd>
          <dt>Reserved</dt>
          <dd>{stock.data.reserved}</dd>
          <dt>Shipped</dt>
          <dd>{stock.data.shipped}</dd>
          <dt>Received</dt>
          <dd>{stock.data.received}</dd>
          <dt>Changed</dt>
          <dd>
            <Time at={stock.data.updatedAt} />
          </dd>
        </dl>
      )}
      <form className="form" onSubmit={submit}>
        <TextField
          label="Received units"
          type="number"
          min={1}
          max={1_000_000}
          step={1}
          required
          value={typed}
          error={fieldError}
          onChange={(event) => setTyped(event.target.value)}
        />
        <Button type="submit" kind="plain" busy={receive.isPending}>
          Add to the stock
        </Button>
      </form>
      {receive.error !== null && fieldError === undefined && <Failure error={receive.error} />}
    </section>
  );
}
