import { expect, it, vi } from 'vitest';
import { createApi, dataOf, type TokenSource } from '../src/shared/api.ts';
import { ApiError, isTransient, messageOf } from '../src/shared/problem.ts';

const URL = 'https://api.test/dev';
const ID = '019c1431-2e60-7000-8000-000000000001';

function tokens(...given: (string | undefined)[]): TokenSource {
  return { idToken: async () => given[0], renewedIdToken: async () => given[1] };
}

function json(body: string, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(body, { status, headers: { 'Content-Type': 'application/json', ...headers } });
}

it('amounts of a response are texts, as they were written', async () => {
  const api = createApi(URL, tokens(), async () =>
    json('{"price":950.40,"available":3}', 200, { 'Content-Length': '30' }),
  );
  expect(await dataOf(api.GET('/product/{id}', { params: { path: { id: ID } } }))).toEqual({
    price: '950.40',
    available: 3,
  });
});

it('amounts of a request are numbers, as they were written', async () => {
  let sent = '';
  const api = createApi(URL, tokens('t'), async (request) => {
    sent = await (request as Request).text();
    return json('{}', 201);
  });
  await api.POST('/product', { body: { name: '1.10', category: 'c', price: '1.10' } });
  expect(sent).toBe('{"name":"1.10","category":"c","price":1.10}');
});

it('an expired token is renewed once, and the request sent again as it was', async () => {
  const sent: string[] = [];
  const api = createApi(URL, tokens('old', 'new'), async (input) => {
    const request = input as Request;
    sent.push(
      `${request.headers.get('Authorization')} ${request.headers.get('Idempotency-Key')} ${await request.text()}`,
    );
    return sent.length === 1
      ? json('{"detail":"expired","type":"urn:problem-type:unauthorized"}', 401)
      : json('{}', 201);
  });
  await api.POST('/stock/{productId}/receipts', {
    params: { path: { productId: ID }, header: { 'Idempotency-Key': 'k' } },
    body: { quantity: 2 },
  });
  expect(sent).toEqual(['old k {"quantity":2}', 'new k {"quantity":2}']);
});

it('guests send no token, and are not asked for one', async () => {
  const renewedIdToken = vi.fn(async () => undefined);
  const fetcher = vi.fn(async (_: RequestInfo | URL) =>
    json('{"detail":"no","type":"urn:problem-type:unauthorized"}', 401),
  );
  const api = createApi(URL, { idToken: async () => undefined, renewedIdToken }, fetcher);
  await expect(api.GET('/product')).rejects.toThrow(ApiError);
  expect((fetcher.mock.calls[0]?.[0] as Request).headers.get('Authorization')).toBeNull();
  expect(renewedIdToken).not.toHaveBeenCalled();
});

it('a problem response names its fields and when to retry', async () => {
  const problem =
    '{"type":"urn:problem-type:validation","title":"t","detail":"d","requestId":"r","errors":[{"field":"email","detail":"must be an address"}]}';
  const api = createApi(URL, tokens(), async () => json(problem, 422, { 'Retry-After': '7' }));
  const error: unknown = await api.GET('/product').catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ApiError);
  if (!(error instanceof ApiError)) return;
  expect(error.fieldError('email')).toBe('Must be an address.');
  expect(error.fieldError('name')).toBeUndefined();
  expect(error.kind).toBe('validation');
  expect(error.retryAfter).toBe(7);
  expect(isTransient(error)).toBe(false);
});

it('an error that is no problem response still is an error', async () => {
  const api = createApi(URL, tokens(), async () => new Response('<html>', { status: 502 }));
  const error: unknown = await api.GET('/product').catch((reason: unknown) => reason);
  expect(isTransient(error)).toBe(true);
  expect(messageOf(error)).toContain('problem at the moment');
  expect(isTransient(new TypeError('Failed to fetch'))).toBe(true);
});
