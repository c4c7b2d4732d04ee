import { type GatewayResponseOptions, ResponseType } from 'aws-cdk-lib/aws-apigateway';
import { EXPOSED_HEADERS } from './cors.ts';

/** Members of an RFC 9457 problem that do not depend on the request. */
interface Problem {
  readonly slug: string;
  readonly title: string;
  /** Left out where one response covers several statuses. */
  readonly status?: number;
  readonly detail: string;
}

/** JSON text of a problem, with the gateway's variable for the request id. */
export function problemBody({ slug, title, status, detail }: Problem): string {
  return JSON.stringify({
    type: `urn:problem-type:${slug}`, title, status, detail, requestId: '$context.requestId',
  });
}

/** Header values are literals of the gateway's mapping language, in single quotes. */
export type Headers = Readonly<Record<string, string>>;

/** Media type of every error (RFC 9457). */
export const PROBLEM_JSON = "'application/problem+json'";

/** Headers of every response that the gateway generates. */
export function commonHeaders(allowedOrigins: readonly string[]): Headers {
  // There are no conditions here, so only a single origin can be named. Echoing the caller's origin
  // would allow all.
  const [origin, ...others] = allowedOrigins;
  return {
    'Strict-Transport-Security': "'max-age=63072000'",
    'X-Content-Type-Options': "'nosniff'",
    // A 401 or a 429 holds for one caller at one moment.
    'Cache-Control': "'no-store'",
    'Access-Control-Expose-Headers': `'${EXPOSED_HEADERS.join(',')}'`,
    ...(origin !== undefined && others.length === 0 ? { 'Access-Control-Allow-Origin': `'${origin}'` } : {}),
  };
}

/** 404 rather than the gateway's 403: no token would help, the route is unknown. */
export const UNKNOWN_ROUTE: Problem = {
  slug: 'not-found', title: 'Not found', status: 404, detail: 'There is no such route.',
};

const NOT_SIGNED_IN: Problem = {
  slug: 'unauthorized', title: 'Unauthorized', status: 401, detail: 'Sign in, and send the ID token in the Authorization header.',
};

const FORBIDDEN: Problem = {
  slug: 'forbidden', title: 'Forbidden', status: 403, detail: 'You may not do this.',
};

const retryAfter = (seconds: number) => ({ 'Retry-After': `'${seconds}'` });
/** Required with every 401 (RFC 9110); its form is in RFC 6750. */
const SIGN_IN = { 'WWW-Authenticate': "'Bearer'" };

/** Each with the headers it has beyond the common ones. */
const PROBLEMS: readonly [type: ResponseType, problem: Problem, headers?: Headers][] = [
  [ResponseType.UNAUTHORIZED, NOT_SIGNED_IN, SIGN_IN],
  [ResponseType.EXPIRED_TOKEN, NOT_SIGNED_IN, SIGN_IN],
  // The caller signed the request with AWS credentials.
  [ResponseType.INVALID_SIGNATURE, NOT_SIGNED_IN, SIGN_IN],
  [ResponseType.ACCESS_DENIED, FORBIDDEN],
  [ResponseType.WAF_FILTERED, FORBIDDEN],
  [ResponseType.INVALID_API_KEY, {
    slug: 'forbidden', title: 'Forbidden', status: 403, detail: 'Send your API key in the X-Api-Key header.',
  }],
  [ResponseType.QUOTA_EXCEEDED, {
    slug: 'too-many-requests', title: 'Too many requests', status: 429, detail: 'The quota of your API key is used up.',
  }, retryAfter(3600)],
  [ResponseType.MISSING_AUTHENTICATION_TOKEN, UNKNOWN_ROUTE],
  [ResponseType.RESOURCE_NOT_FOUND, UNKNOWN_ROUTE],
  [ResponseType.BAD_REQUEST_BODY, {
    slug: 'bad-request', title: 'Bad request', status: 400, detail: 'The body must be a JSON object in UTF-8, not compressed, with no text or list far beyond its limit.',
  }],
  [ResponseType.BAD_REQUEST_PARAMETERS, {
    slug: 'bad-request', title: 'Bad request', status: 400, detail: 'A required parameter is missing.',
  }],
  [ResponseType.REQUEST_TOO_LARGE, {
    slug: 'too-large', title: 'Request too large', status: 413, detail: 'The request is larger than 10 MB.',
  }],
  [ResponseType.UNSUPPORTED_MEDIA_TYPE, {
    slug: 'unsupported-media-type', title: 'Unsupported media type', status: 415, detail: 'Send application/json.',
  }],
  [ResponseType.THROTTLED, {
    slug: 'too-many-requests', title: 'Too many requests', status: 429, detail: 'Slow down and try again.',
  }, retryAfter(1)],
  [ResponseType.INTEGRATION_FAILURE, {
    slug: 'unavailable', title: 'Service unavailable', status: 503, detail: 'The service did not answer. Try again.',
  }, retryAfter(2)],
  [ResponseType.INTEGRATION_TIMEOUT, {
    slug: 'timeout', title: 'Gateway timeout', status: 504, detail: 'The service took too long. Look before you try again.',
  }, retryAfter(2)],
  // Includes a failed function: its error message is for the logs only.
  [ResponseType.DEFAULT_5XX, {
    slug: 'internal', title: 'Internal error', status: 500, detail: 'Something went wrong on our side.',
  }],
  // Covers several statuses and cannot print which.
  [ResponseType.DEFAULT_4XX, {
    slug: 'bad-request', title: 'Bad request', detail: 'The request was refused.',
  }],
];

/** Every response that the gateway generates, as a problem instead of `{"message": ...}`. */
export function gatewayResponses(allowedOrigins: readonly string[]): GatewayResponseOptions[] {
  return PROBLEMS.map(([type, problem, headers]) => ({
    type,
    statusCode: problem.status?.toString(),
    // The gateway renders this template only, whatever the client accepts; the header names the
    // true media type.
    templates: { 'application/json': problemBody(problem) },
    responseHeaders: {
      'Content-Type': PROBLEM_JSON,
      ...commonHeaders(allowedOrigins),
      ...headers,
    },
  }));
}
