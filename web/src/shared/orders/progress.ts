/** The course of an order. */
import type { Schemas } from '../api.ts';
import type { OrderStatusFrame } from '../realtime.ts';

export type Status = Schemas['OrderStatus'];
export type Reason = Schemas['Reason'];

/** The steps of an order that goes well. */
export const STEPS: readonly { readonly status: Status; readonly label: string }[] = [
  { status: 'PENDING', label: 'Placed' },
  { status: 'STOCK_RESERVED', label: 'Reserved' },
  { status: 'PAID', label: 'Paid' },
  { status: 'SHIPPED', label: 'On its way' },
  { status: 'DELIVERED', label: 'Delivered' },
];

export const STATUS_LABELS: Readonly<Record<Status, string>> = {
  PENDING: 'Placed',
  STOCK_RESERVED: 'Reserved for you',
  PAID: 'Paid',
  SHIPPED: 'On its way',
  DELIVERED: 'Delivered',
  REJECTED: 'Not possible',
  CANCELLED: 'Cancelled',
};

export const REASON_LABELS: Readonly<Record<Reason, string>> = {
  OUT_OF_STOCK: 'Something was out of stock.',
  PAYMENT_DECLINED: 'The payment was declined.',
  PAYMENT_TIMED_OUT: 'The payment was not confirmed in time.',
  SHIPPING_IMPOSSIBLE: 'No carrier delivers to this address.',
  CUSTOMER_REQUEST: 'You cancelled it.',
  FULFILMENT_FAILED: 'Something went wrong on our side.',
};

export function isFinal(status: Status): boolean {
  return status === 'DELIVERED' || status === 'REJECTED' || status === 'CANCELLED';
}

/** Until the parcel leaves; the shop decides. */
export function isCancellable(order: Pick<Schemas['Order'], 'status' | 'cancelRequestedAt'>): boolean {
  return (
    order.cancelRequestedAt === undefined &&
    (order.status === 'PENDING' || order.status === 'STOCK_RESERVED' || order.status === 'PAID')
  );
}

/**
 * An order with a status that has just come. Statuses come in any order, and more than once: the
 * latest counts.
 */
export function withStatus(order: Schemas['Order'], { status, at, reason }: OrderStatusFrame): Schemas['Order'] {
  if (status === undefined || at === undefined || !(status in STATUS_LABELS)) return order;
  if (order.history.some((change) => change.status === status)) return order;
  const change = { status: status as Status, at, ...(reason !== undefined && { reason: reason as Reason }) };
  const history = [...order.history, change].sort((one, other) => Date.parse(one.at) - Date.parse(other.at));
  return { ...order, history, status: history.at(-1)?.status ?? order.status };
}

/** An order's id tells when it was made (UUID version 7). */
export function isRecent(orderId: string, now: number = Date.now()): boolean {
  const madeAt = Number.parseInt(orderId.replaceAll('-', '').slice(0, 12), 16);
  return Math.abs(now - madeAt) < 10 * 60_000;
}
