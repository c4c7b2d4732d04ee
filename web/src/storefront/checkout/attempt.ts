/**
 * The idempotency key of a checkout. The same checkout gets the same key until its result is known:
 * pressed twice, repeated after a lost response, or sent again after a reload, it makes one order.
 */

const STORAGE_KEY = 'ferrocart.checkout';

type Store = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/** @param checkout the body as it is sent; only its hash is kept. */
export async function attemptKey(checkout: string, storage: Store = sessionStorage): Promise<string> {
  const fingerprint = await hashOf(checkout);
  const [key, stored] = (storage.getItem(STORAGE_KEY) ?? '').split(' ');
  if (key !== undefined && key !== '' && stored === fingerprint) return key;
  const fresh = crypto.randomUUID();
  storage.setItem(STORAGE_KEY, `${fresh} ${fingerprint}`);
  return fresh;
}

/** The result is known: the next checkout is another one, even if it looks the same. */
export function endAttempt(storage: Store = sessionStorage): void {
  storage.removeItem(STORAGE_KEY);
}

async function hashOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
