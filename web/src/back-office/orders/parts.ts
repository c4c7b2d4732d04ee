/** What other services know of an order. */
import { queryOptions } from '@tanstack/react-query';
import { dataOf, type Api, type Schemas } from '../../shared/api.ts';
import { ApiError } from '../../shared/problem.ts';

/** `null` while there is none. */
export function paymentQuery(api: Api, orderId: string) {
  return queryOptions({
    queryKey: ['staff', 'payment', orderId],
    queryFn: () => orNull(dataOf(api.GET('/payment/{orderId}', { params: { path: { orderId } } }))),
  });
}

/** `null` while there is none. */
export function shipmentQuery(api: Api, orderId: string) {
  return queryOptions({
    queryKey: ['staff', 'shipment', orderId],
    queryFn: () => orNull(dataOf(api.GET('/shipment/{orderId}', { params: { path: { orderId } } }))),
  });
}

/** All events of an order, oldest first. */
export function auditQuery(api: Api, orderId: string) {
  return queryOptions({
    queryKey: ['staff', 'audit', orderId],
    queryFn: async (): Promise<Schemas['AuditEntry'][]> => {
      const entries: Schemas['AuditEntry'][] = [];
      let cursor: string | undefined;
      do {
        const page = await dataOf(
          api.GET('/audit/{orderId}', {
            params: { path: { orderId }, query: { limit: 100, ...(cursor !== undefined && { cursor }) } },
          }),
        );
        entries.push(...page.items);
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      return entries;
    },
  });
}

async function orNull<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}
