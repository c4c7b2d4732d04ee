/** The client of the REST API. Its types are generated from docs/openapi.json. */
import createClient, { type Client, type Middleware } from 'openapi-fetch';
import type { components, paths } from './api-schema.ts';
import { parseJson, writeJson } from './json.ts';
import { toApiError } from './problem.ts';

export type Api = Client<paths>;
export type Schemas = components['schemas'];

/** Who calls: gives the ID token, a new one where the last was refused. */
export interface TokenSource {
  idToken(): Promise<string | undefined>;
  renewedIdToken(): Promise<string | undefined>;
}

/** Calls throw an `ApiError` for every answer that is not a success. */
export function createApi(apiUrl: string, tokens: TokenSource, fetcher: typeof fetch = fetch): Api {
  const api = createClient<paths>({
    baseUrl: apiUrl,
    bodySerializer: (body) => writeJson(body),
    fetch: (request) => send(request, tokens, fetcher),
  });
  api.use(exactAmounts);
  return api;
}

/** The data of a call that succeeded. */
export async function dataOf<T>(call: Promise<{ data?: T }>): Promise<NonNullable<T>> {
  const { data } = await call;
  if (data === undefined || data === null) throw new TypeError('The answer is empty.');
  return data;
}

/** Sends a request with the caller's token, and again with a new one if it had expired. */
async function send(request: Request, tokens: TokenSource, fetcher: typeof fetch): Promise<Response> {
  const authorized = (token: string | undefined): Request => {
    const copy = request.clone();
    if (token !== undefined) copy.headers.set('Authorization', token);
    return copy;
  };
  const token = await tokens.idToken();
  const response = await fetcher(authorized(token));
  if (response.status !== 401 || token === undefined) return response;
  const renewed = await tokens.renewedIdToken();
  return renewed === undefined ? response : fetcher(authorized(renewed));
}

/** Turns amounts into texts before `JSON.parse` could round them, and error responses into errors. */
const exactAmounts: Middleware = {
  async onResponse({ response }) {
    if (!response.ok && response.status !== 304) throw await toApiError(response);
    const text = await response.text();
    if (text === '') return new Response(null, response);
    const { status, statusText, headers } = response;
    const exact = new Headers(headers);
    exact.delete('Content-Length');
    return new Response(JSON.stringify(parseJson(text)), { status, statusText, headers: exact });
  },
};
