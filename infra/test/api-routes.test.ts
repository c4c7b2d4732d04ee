import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { deployedRoutes, routesOf } from '../constructs/api-routes.ts';
import { HttpFunction } from '../constructs/http-function.ts';
import type { Operation } from '../constructs/openapi.ts';
import { ServiceStack } from '../constructs/service-stack.ts';
import { Edge } from '../edge.ts';
import { readSettings } from '../settings.ts';
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
      [LIST, 'trace', 'docs/openapi.json: TRACE /basket: the gateway has routes for GET, HEAD, POST'],
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

describe('the edge', () => {
  const values: Record<string, string> = { functions: functionsDirectory(['some']), waf: 'true' };
  const context = { settings: readSettings((name) => values[name]), env: {} };

  /** The edge in front of services with these functions. */
  function edge(...functions: [name: string, service: string][]): Template {
    const app = new App();
    const services = functions.map(([name, service]) => {
      const stack = new ServiceStack(app, service, context);
      new HttpFunction(stack, name, { name, crate: 'some', callsInSequence: 1, environment: {} });
      return stack;
    });
    return Template.fromStack(new Edge(app, { ...context, services }));
  }

  test('has the routes of what is deployed and its own, and no other', () => {
    const template = edge(['audit-api', 'audit']);
    const routes = Object.values(resources(template, 'AWS::ApiGateway::Method'))
      .map(({ Properties }) => `${Properties.HttpMethod} ${pathOf(template, Properties.ResourceId)}`)
      .filter((route) => !/^(ANY|OPTIONS) /.test(route));
    assert.deepEqual(routes.sort(), ['GET /audit/{orderId}', 'GET /health', 'HEAD /audit/{orderId}', 'HEAD /health']);
    assert.deepEqual(resources(template, 'AWS::ApiGateway::Model'), {});
    const [stage] = Object.values(resources(template, 'AWS::ApiGateway::Stage'));
    const settings = stage!.Properties.MethodSettings.map((setting: any) => `${setting.HttpMethod} ${setting.ResourcePath}`);
    assert.deepEqual(settings, ['* /*', 'GET /~1audit~1{orderId}', 'HEAD /~1audit~1{orderId}']);
    assert.deepEqual(stage!.Properties.Variables, { services: 'audit' });
  });

  test('has a firewall without an exception where no request is signed', () => {
    const [acl] = Object.values(resources(edge(['product-api', 'product']), 'AWS::WAFv2::WebACL'));
    assert.equal(acl!.Properties.Rules[1].Statement.ManagedRuleGroupStatement.ScopeDownStatement, undefined);
  });

  test('has no authorizer where no route needs sign-in', () => {
    const template = edge();
    assert.deepEqual(resources(template, 'AWS::ApiGateway::Authorizer'), {});
    assert.equal(Object.keys(resources(template, 'AWS::ApiGateway::Stage')).length, 1);
  });

  test('takes no function of the API without a route', () => {
    assert.throws(() => edge(['product-reviews-api', 'reviews']),
      /docs\/openapi\.json has no operation that product-reviews-api answers/);
  });
});
