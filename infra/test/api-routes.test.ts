import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { ApiFunction } from '../lib/api-function.ts';
import { deployedRoutes, routesOf } from '../lib/api-routes.ts';
import type { Operation } from '../lib/openapi.ts';
import { PublicApi } from '../lib/public-api.ts';
import { readSettings } from '../lib/settings.ts';
import { SignIn } from '../lib/sign-in.ts';
import { functionsDirectory, pathOf, resources } from './template.ts';

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

  test('the gateway answers an operation of its own with the example', () => {
    const responses = { 200: { content: { 'application/json': { example: { status: 'ok' } } } }, 429: {} };
    assert.deepEqual(routes({ tags: ['gateway'], security: [], responses }), [
      { verb: 'GET', path: '/basket', response: { status: 200, body: '{"status":"ok"}' } },
    ]);
  });

  test('an incomplete operation is refused, with its place and what is missing', () => {
    const refusals: [Operation, string, string][] = [
      [{ security: [] }, 'get', 'docs/openapi.json: GET /basket: "tags" must be the name of its service.'],
      [{ tags: ['basket'] }, 'get', '"security" is missing'],
      [{ ...LIST, security: [{ unknown: [] }] }, 'get', '"security" is unknown'],
      // Sign-in is never optional, and the gateway checks one scheme only.
      [{ ...LIST, security: [{}, { idToken: [] }] }, 'get', '"security" is none or idToken'],
      [{ ...LIST, security: [{ apiKey: [], idToken: [] }] }, 'get', '"security" is apiKey and idToken'],
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

describe('an app with some of the services', () => {
  const context: Record<string, string> = { functions: functionsDirectory(['product', 'audit']), waf: 'true' };
  const settings = readSettings((name) => context[name]);

  /** A stack with only the API and these functions, by name and service. */
  function deploy(...functions: [name: string, service: string][]): Template {
    const stack = new Stack(new App(), 'some');
    const api = new PublicApi(stack, 'Http', { settings, signIn: new SignIn(stack, 'SignIn', { settings }) });
    api.addRoutes(functions.map(([name, service]) => new ApiFunction(stack, name, {
      settings, name, service, tokenClient: 'client', callsInSequence: 1, environment: {},
    })));
    return Template.fromStack(stack);
  }

  test('has their routes and those of the gateway, and no other', () => {
    const template = deploy(['audit-api', 'audit']);
    const routes = Object.values(resources(template, 'AWS::ApiGateway::Method'))
      .map(({ Properties }) => `${Properties.HttpMethod} ${pathOf(template, Properties.ResourceId)}`)
      .filter((route) => !/^(ANY|OPTIONS) /.test(route));
    assert.deepEqual(routes.sort(), ['GET /audit/{orderId}', 'GET /health']);
    assert.deepEqual(resources(template, 'AWS::ApiGateway::Model'), {});
    const [stage] = Object.values(resources(template, 'AWS::ApiGateway::Stage'));
    assert.deepEqual(stage!.Properties.MethodSettings.map((setting: any) => setting.ResourcePath), ['/*', '/~1audit~1{orderId}']);
  });

  test('has a firewall without an exception where no request is signed', () => {
    const [acl] = Object.values(resources(deploy(['product-api', 'product']), 'AWS::WAFv2::WebACL'));
    assert.equal(acl!.Properties.Rules[1].Statement.ManagedRuleGroupStatement.ScopeDownStatement, undefined);
  });

  test('has no authorizer where no route needs sign-in', () => {
    const template = deploy();
    assert.deepEqual(resources(template, 'AWS::ApiGateway::Authorizer'), {});
    assert.equal(Object.keys(resources(template, 'AWS::ApiGateway::Stage')).length, 1);
  });

  test('has no function of the API without a route', () => {
    assert.throws(() => deploy(['product-api', 'product'], ['product-search-api', 'product']),
      /docs\/openapi\.json has no operation that product-search-api answers/);
  });
});
