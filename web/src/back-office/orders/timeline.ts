/** One course of events out of what the services know of an order. */
import type { Schemas } from '../../shared/api.ts';
import { sentence } from '../../shared/text.ts';

export interface Moment {
  readonly at: string;
  readonly source: 'order' | 'payment' | 'shipment' | 'audit';
  readonly text: string;
}

interface Known {
  readonly order: Schemas['Order'];
  readonly payment: Schemas['Payment'] | null | undefined;
  readonly shipment: Schemas['Shipment'] | null | undefined;
  readonly audit: readonly Schemas['AuditEntry'][] | undefined;
}

/** Oldest first. Services note the same moment with clocks of their own, so its order may differ by a little. */
export function timeline({ order, payment, shipment, audit }: Known): Moment[] {
  const reasonOf = (reason: string | undefined): string =>
    reason === undefined ? '' : `: ${sentence(reason).toLowerCase()}`;
  const moments: Moment[] = [
    ...order.history.map(({ at, status, reason }): Moment => ({
      at,
      source: 'order',
      text: sentence(status) + reasonOf(reason),
    })),
    ...(payment?.history.map(({ at, state }): Moment => ({ at, source: 'payment', text: sentence(state) })) ?? []),
    ...(shipment?.history.map(({ at, state }): Moment => ({ at, source: 'shipment', text: sentence(state) })) ?? []),
    ...(audit?.map(({ occurredAt, type, reason }): Moment => ({
      at: occurredAt,
      source: 'audit',
      text: type + reasonOf(reason),
    })) ?? []),
  ];
  return moments.sort((one, other) => Date.parse(one.at) - Date.parse(other.at));
}
