/**
 * Idempotency keys. The same request gets the same key until its result is known: pressed twice,
 * repeated after a lost response, or sent again after a reload, it takes effect once.
 */

const PREFIX = 'ferrocart.attempt.';

type Store = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/**
 * @param action what is attempted, such as `checkout`: one request at a time.
 * @param request the body as it is sent; only its hash is kept.
 */
export async function attemptKey(action: string, request: string, storage: Store = sessionStorage): Promise<string> {
  const fingerprint = await hashOf(request);
  const [key, stored] = (storage.getItem(PREFIX + action) ?? '').split(' ');
  if (key !== undefined && key !== '' && stored === fingerprint) return key;
  const fresh = crypto.randomUUID();
  storage.setItem(PREFIX + action, `${fresh} ${fingerprint}`);
  return fresh;
}

/** The result is known: the next request is another one, even if it looks the same. */
export function endAttempt(action: string, storage: Store = sessionStorage): void {
  storage.removeItem(PREFIX + action);
}

async function hashOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
