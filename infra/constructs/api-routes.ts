/** The routes of the API, parsed from its OpenAPI document. */

import type { JsonSchema } from 'aws-cdk-lib/aws-apigateway';
import { DOCUMENT_NAME, type OpenApi, type Operation } from './openapi.ts';
import { requestModel } from './request-models.ts';
import { isRateLimit, type RateLimit } from './throttling.ts';

/** In the order in which a 405 lists them. */
const VERBS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

export type Verb = (typeof VERBS)[number];

/**
 * Who may call a route: anyone; any program, with an API key if the stage requires keys; signed-in
 * users; or programs that sign their requests, whose signature the function checks.
 */
export type Access = 'anyone' | 'program' | 'user' | 'signer';

export interface FunctionRoute {
  readonly verb: Verb;
  readonly path: string;
  readonly service: string;
  /** Name of the function that answers. */
  readonly function: string;
  readonly access: Access;
  readonly rateLimit: RateLimit;
  /** What the gateway checks of a body; none if there is no body. */
  readonly requestModel?: JsonSchema;
}

/** A route that the gateway answers itself, always with the same response. */
export interface GatewayRoute {
  readonly verb: Verb;
  readonly path: string;
  readonly response: { readonly status: number; readonly body: string };
}

export type Route = FunctionRoute | GatewayRoute;

/** The tag of operations that no function answers. Every other tag is the name of a service. */
const GATEWAY = 'gateway';

/** What `security` may be. Each key is its alternatives, as `alternatives` writes them. */
const ACCESS: Readonly<Record<string, Access>> = {
  none: 'anyone',
  'none or apiKey': 'program',
  idToken: 'user',
  webhookSignature: 'signer',
};

/** Every operation of a document as a route. Throws an error that names the first incomplete one. */
export function routesOf(document: OpenApi): Route[] {
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .map(([method, operation]) => routeOf(document, method.toUpperCase(), path, operation ?? {}))
      .sort((a, b) => VERBS.indexOf(a.verb) - VERBS.indexOf(b.verb)));
}

/** A function that may answer routes. */
export interface Candidate {
  readonly name: string;
  readonly service: string;
}

/**
 * The routes of deployed services and of the gateway. A service without functions is not deployed;
 * one with functions needs those that its routes name.
 */
export function deployedRoutes(routes: readonly Route[], functions: readonly Candidate[]): Route[] {
  const names = new Set(functions.map(({ name }) => name));
  const services = new Set(functions.map(({ service }) => service));
  return routes.filter((route) => {
    if (!('function' in route)) return true;
    if (!services.has(route.service)) return false;
    if (!names.has(route.function)) {
      refuse(route.verb, route.path, `the function ${route.function} answers it, which ${route.service} does not create`);
    }
    return true;
  });
}

/** The routes, and a HEAD beside each GET (RFC 9110), which the same function answers. */
export function withHeads(routes: readonly Route[]): Route[] {
  return routes.flatMap((route) => (route.verb === 'GET' ? [route, { ...route, verb: 'HEAD' as const }] : [route]));
}

function routeOf(document: OpenApi, method: string, path: string, operation: Operation): Route {
  const verb = VERBS.find((candidate) => candidate === method)
    ?? refuse(method, path, `the gateway has routes for ${VERBS.join(', ')} only`);
  const [service, ...others] = operation.tags ?? [];
  if (service === undefined || others.length > 0) refuse(verb, path, '"tags" must be the name of its service');
  if (service === GATEWAY) return { verb, path, response: fixedResponse(verb, path, operation) };
  const access = accessOf(verb, path, operation);
  const model = requestModel(document, verb, path);
  return {
    verb,
    path,
    service,
    // Functions that check signatures are separate: they need no user identities, the others no
    // secret.
    function: access === 'signer' ? `${service}-webhook` : `${service}-api`,
    access,
    rateLimit: rateLimitOf(verb, path, operation),
    ...(model === undefined ? {} : { requestModel: model }),
  };
}

/** An operation without `security` is refused rather than open to anyone, as OpenAPI has it. */
function accessOf(verb: Verb, path: string, { security }: Operation): Access {
  const alternatives = security?.map((schemes) => Object.keys(schemes).join(' and ') || 'none').join(' or ') || 'none';
  const access = security === undefined ? undefined : ACCESS[alternatives];
  return access ?? refuse(verb, path,
    `"security" is ${security === undefined ? 'missing' : alternatives}: it must be ${Object.keys(ACCESS).join('; ')}`);
}

function rateLimitOf(verb: Verb, path: string, { 'x-rate-limit-class': name }: Operation): RateLimit {
  if (name === undefined) return verb === 'GET' ? 'read' : 'change';
  return isRateLimit(name) ? name : refuse(verb, path, `"x-rate-limit-class" has the unknown value "${name}"`);
}

function fixedResponse(verb: Verb, path: string, { security, responses = {} }: Operation): GatewayRoute['response'] {
  const [status, response] = Object.entries(responses).find(([code]) => /^2\d\d$/.test(code)) ?? [];
  const example = response?.content?.['application/json']?.example;
  if (example === undefined) refuse(verb, path, 'the gateway answers it, but its success has no "example" of JSON to send');
  if (security?.length !== 0) refuse(verb, path, 'the gateway answers it to anyone: its "security" must be an empty list');
  return { status: Number(status), body: JSON.stringify(example) };
}

function refuse(method: string, path: string, problem: string): never {
  throw new Error(`${DOCUMENT_NAME}: ${method} ${path}: ${problem}.`);
}
