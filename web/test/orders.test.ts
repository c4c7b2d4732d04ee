import { expect, it } from 'vitest';
import type { Schemas } from '../src/shared/api.ts';
import { isCancellable, isRecent, withStatus } from '../src/shared/orders/progress.ts';

const ID = '019c1431-2e60-7000-8000-000000000001';
const ORDER = {
  orderId: ID,
  status: 'PENDING',
  history: [{ status: 'PENDING', at: '2026-01-31T12:00:00.000Z' }],
} as unknown as Schemas['Order'];
const frame = (status: string, at: string) => ({ type: 'orderStatus', orderId: ID, status, at }) as const;

it('the latest status counts, in whatever order they come', () => {
  const shipped = withStatus(ORDER, frame('SHIPPED', '2026-01-31T12:03:00.000Z'));
  const late = withStatus(shipped, frame('PAID', '2026-01-31T12:02:00.000Z'));
  expect(late.status).toBe('SHIPPED');
  expect(late.history.map(({ status }) => status)).toEqual(['PENDING', 'PAID', 'SHIPPED']);
});

it('a repeated, unknown or missing status changes nothing', () => {
  expect(withStatus(ORDER, frame('PENDING', '2026-01-31T12:00:00.000Z'))).toBe(ORDER);
  expect(withStatus(ORDER, frame('LOST', '2026-01-31T13:00:00.000Z'))).toBe(ORDER);
  expect(withStatus(ORDER, { type: 'subscribed', orderId: ID })).toBe(ORDER);
});

it('an order can be cancelled once, until its parcel leaves', () => {
  expect(isCancellable({ status: 'PAID' })).toBe(true);
  expect(isCancellable({ status: 'PAID', cancelRequestedAt: '2026-01-31T12:00:00.000Z' })).toBe(false);
  expect(isCancellable({ status: 'SHIPPED' })).toBe(false);
});

it('an id tells whether its order may be still on its way here', () => {
  const madeAt = Number.parseInt('019c14312e60', 16);
  expect(isRecent(ID, madeAt + 60_000)).toBe(true);
  expect(isRecent(ID, madeAt + 601_000)).toBe(false);
  expect(isRecent('nonsense')).toBe(false);
});
