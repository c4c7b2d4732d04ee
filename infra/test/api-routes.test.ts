import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { deployedRoutes, routesOf } from '../lib/api-routes.ts';
import type { Operation } from '../lib/openapi.ts';

const LIST = { tags: ['basket'], security: [{ idToken: [] }] };

function routes(operation: Operation, method = 'get') {
  return routesOf({ paths: { '/basket': { [method]: operation } } });
}

describe('routes of the API', () => {
  test('an operation is answered by the function of its service', () => {
    assert.deepEqual(routes(LIST), [{
      verb: 'GET', path: '/basket', service: 'basket', function: 'basket-api', access: 'user', rateLimit: 'read',
    }]);
  });

  test('a signed operation is answered by a function of its own', () => {
    const [route] = routes({ tags: ['payment'], security: [{ webhookSignature: [] }] }, 'post');
    assert.ok(route && 'function' in route);
    assert.deepEqual([route.function, route.access, route.rateLimit], ['payment-webhook', 'signer', 'change']);
  });

  test('an incomplete operation is refused, with its place and what is missing', () => {
    const refusals: [Operation, string, string][] = [
      [{ security: [] }, 'get', 'docs/openapi.json: GET /basket: "tags" must be the name of its service.'],
      [{ tags: ['basket'] }, 'get', '"security" is missing'],
      [{ ...LIST, security: [{ unknown: [] }] }, 'get', '"security" is unknown'],
      [{ ...LIST, 'x-rate-limit-class': 'slow' }, 'get', '"x-rate-limit-class" has the unknown value "slow"'],
      [{ tags: ['gateway'], security: [] }, 'get', 'its success has no "example"'],
      [LIST, 'trace', 'docs/openapi.json: TRACE /basket: the gateway has routes for GET, POST'],
    ];
    for (const [operation, method, message] of refusals) {
      assert.throws(() => routes(operation, method), (error: Error) => error.message.includes(message), message);
    }
  });

  test('services that are not deployed have no routes', () => {
    assert.deepEqual(deployedRoutes(routes(LIST), [{ name: 'product-api', service: 'product' }]), []);
    assert.equal(deployedRoutes(routes(LIST), [{ name: 'basket-api', service: 'basket' }]).length, 1);
  });

  test('a deployed service without the function of a route is refused', () => {
    const functions = [{ name: 'basket-publisher', service: 'basket' }];
    assert.throws(() => deployedRoutes(routes(LIST), functions), /the function basket-api answers it, which basket does not create/);
  });
});
