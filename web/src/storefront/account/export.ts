/** Fetches all pages of the customer's data, once the shop has collected it. */
import type { Api, Schemas } from '../../shared/api.ts';

const MAX_ATTEMPTS = 60;

export async function exportAll(
  api: Api,
  wait: (seconds: number) => Promise<void> = sleep,
): Promise<Schemas['Export']> {
  const first = await readPage(api, undefined, wait);
  const data: Record<string, unknown[]> = structuredClone(first.data);
  for (let cursor = first.nextCursor; cursor !== undefined;) {
    const page = await readPage(api, cursor, wait);
    for (const [service, records] of Object.entries(page.data)) data[service] = [...(data[service] ?? []), ...records];
    cursor = page.nextCursor;
  }
  const { nextCursor: _, ...whole } = first;
  return { ...whole, data: data as Schemas['Export']['data'] };
}

async function readPage(
  api: Api,
  cursor: string | undefined,
  wait: (seconds: number) => Promise<void>,
): Promise<Schemas['Export']> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const { data, response } = await api.GET('/me/export', {
      params: { query: cursor === undefined ? {} : { cursor } },
    });
    if (data !== undefined && 'data' in data) return data;
    await wait(Number(response.headers.get('Retry-After')) || 1);
  }
  throw new Error('Your data takes longer than usual. Try again in a few minutes.');
}

function sleep(seconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, seconds * 1000);
  });
}
