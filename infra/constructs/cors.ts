/** What pages of the allowed origins may send and read (CORS). */

import type { Settings } from '../settings.ts';

export const ALLOWED_METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/** Request headers that a page may send. */
export function allowedHeaders({ partnerKey }: Settings): string[] {
  return [
    'Content-Type', 'Authorization', 'If-Match', 'If-None-Match', 'Idempotency-Key', 'X-Correlation-Id',
    ...(partnerKey ? ['X-Api-Key'] : []),
  ];
}

/** Response headers that a page may read, beyond the CORS-safelisted ones. */
export const EXPOSED_HEADERS: readonly string[] = ['ETag', 'Location', 'Retry-After', 'X-Correlation-Id'];
