// Does what the host of a stage does: answers the back office's paths with its page, and /config.json
// with the local stage, as `cargo xtask up` describes it in .local/outputs.json.
import { existsSync, readFileSync } from 'node:fs';
import type { Connect, Plugin } from 'vite';

interface Outputs {
  readonly apiUrl: string;
  readonly endpoint: string;
  readonly region: string;
  readonly userPoolId: string;
  readonly userPoolClientId: string;
  readonly webSocketApiId?: string;
  readonly functions: Readonly<Record<string, string>>;
}

const OUTPUTS = new URL('../../.local/outputs.json', import.meta.url);

function readOutputs(): Outputs {
  return JSON.parse(readFileSync(OUTPUTS, 'utf8')) as Outputs;
}

function config(): object {
  const { apiUrl, endpoint, region, userPoolId, userPoolClientId, webSocketApiId, functions } = readOutputs();
  return {
    // The API allows the site's origin only: the calls of these pages go through Vite.
    apiUrl: new URL(apiUrl).pathname,
    picturesUrl: '/pictures',
    ...(webSocketApiId !== undefined && {
      webSocketUrl: `${endpoint.replace(/^http/, 'ws')}/_aws/execute-api/${webSocketApiId}/local`,
    }),
    userPool: { region, id: userPoolId, clientId: userPoolClientId, endpoint },
    services: servicesOf(Object.keys(functions)),
  };
}

/** Functions are named `<service>-api` and `<service>-<role>`. Fulfilment's are ordering's. */
function servicesOf(functions: readonly string[]): string[] {
  const services = SERVICES.filter((service) => functions.some((name) => name.startsWith(`${service}-`)));
  return functions.includes('ordering-steps') ? [...services, 'fulfilment'] : services;
}

const SERVICES = [
  'product',
  'basket',
  'ordering',
  'inventory',
  'payment',
  'payment-sandbox',
  'shipping',
  'notification',
  'audit',
  'realtime',
  'privacy',
  'search',
];

export function localHost(): Plugin {
  const answer: Connect.NextHandleFunction = (request, response, next) => {
    if (/^\/back-office(\/|\?|$)/.test(request.url ?? '')) request.url = '/staff.html';
    if (request.url?.split('?')[0] !== '/config.json') return next();
    try {
      response.setHeader('Content-Type', 'application/json').end(JSON.stringify(config()));
    } catch {
      response.writeHead(404).end('Start the shop first: cargo xtask up');
    }
  };
  return {
    name: 'local-host',
    config: (_, { command }) => {
      if (command !== 'serve' || !existsSync(OUTPUTS)) return {};
      const proxy = { '/_aws': readOutputs().endpoint };
      return { server: { proxy }, preview: { proxy } };
    },
    configureServer: ({ middlewares }) => {
      middlewares.use(answer);
    },
    configurePreviewServer: ({ middlewares }) => {
      middlewares.use(answer);
    },
  };
}
