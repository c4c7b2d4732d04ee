/** Errors of the API: problem responses (RFC 9457), and requests that got no answer. */
import type { components } from './api-schema.ts';

export type Problem = components['schemas']['Problem'];

/** A problem response. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly problem: Problem;
  readonly status: number;
  /** How many seconds to wait before the next attempt. */
  readonly retryAfter: number | undefined;

  constructor(status: number, problem: Problem, retryAfter?: number) {
    super(problem.detail);
    this.status = status;
    this.problem = problem;
    this.retryAfter = retryAfter;
  }

  /** What is wrong with a field, as a sentence; `undefined` if nothing is. */
  fieldError(field: string): string | undefined {
    const detail = this.problem.errors?.find((error) => error.field === field)?.detail;
    return detail && `${detail.charAt(0).toUpperCase()}${detail.slice(1)}.`;
  }

  /** The kind of problem, such as `basket-changed`. */
  get kind(): string {
    return this.problem.type.replace('urn:problem-type:', '');
  }
}

/** Reads an error response. Gateways and proxies may answer with something else than a problem. */
export async function toApiError(response: Response): Promise<ApiError> {
  const retryAfter = Number(response.headers.get('Retry-After') ?? NaN);
  let problem: Problem | undefined;
  try {
    const body: unknown = await response.json();
    if (typeof body === 'object' && body !== null && 'detail' in body) problem = body as Problem;
  } catch {
    // No JSON.
  }
  problem ??= {
    type: 'urn:problem-type:unknown',
    title: 'Error',
    detail: `The shop answered with ${response.status}.`,
    requestId: '',
  };
  return new ApiError(response.status, problem, Number.isFinite(retryAfter) ? retryAfter : undefined);
}

/** Whether the same request may succeed in a moment. */
export function isTransient(error: unknown): boolean {
  if (error instanceof ApiError) return error.status === 429 || error.status >= 500;
  // What `fetch` throws when there is no connection, or no CORS header on a gateway's error.
  return error instanceof TypeError;
}

/** For people. */
export function messageOf(error: unknown): string {
  if (error instanceof ApiError) {
    if (error.status === 429) return 'Too many requests at the moment. Try again in a few seconds.';
    if (error.status >= 500) return 'The shop has a problem at the moment. Try again in a few seconds.';
    return error.message;
  }
  if (error instanceof TypeError) return 'The shop does not answer. Check your connection and try again.';
  return error instanceof Error ? error.message : 'Something went wrong.';
}
