import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Match } from 'aws-cdk-lib/assertions';
import { pathOf, resources, synthesize, target } from './template.ts';

const template = synthesize();

/** `METHOD /path` of every method, with its properties. */
const methods = new Map(Object.values(resources(template, 'AWS::ApiGateway::Method'))
  .map(({ Properties }) => [`${Properties.HttpMethod} ${pathOf(template, Properties.ResourceId)}`, Properties]));

const ROUTES: Record<string, string> = {
  'GET /product': 'Product', 'POST /product': 'Product',
  'GET /product/{id}': 'Product', 'PUT /product/{id}': 'Product',
  'PATCH /product/{id}': 'Product', 'DELETE /product/{id}': 'Product',
  'GET /basket': 'Basket', 'POST /basket': 'Basket',
  'POST /basket/checkout': 'Basket',
  'GET /basket/{userName}': 'Basket', 'DELETE /basket/{userName}': 'Basket',
  'POST /basket/{userName}/items': 'Basket',
  'PATCH /basket/{userName}/items/{itemId}': 'Basket', 'DELETE /basket/{userName}/items/{itemId}': 'Basket',
  'GET /openapi.json': 'Product',
  'GET /order': 'Ordering', 'GET /order/{userName}': 'Ordering', 'GET /order/{userName}/{orderId}': 'Ordering',
};

/** What nobody has to sign in for. */
const PUBLIC = ['GET /product', 'GET /product/{id}', 'GET /health', 'GET /openapi.json'];

describe('routes', () => {
  test('each reaches the function of its service, and there is no other', () => {
    const served = [...methods].filter(([, { Integration }]) => Integration.Type === 'AWS_PROXY');
    assert.deepEqual(served.map(([route]) => route).sort(), Object.keys(ROUTES).sort());
    for (const [route, { Integration }] of served) {
      assert.match(JSON.stringify(Integration.Uri), new RegExp(`"${ROUTES[route]}Api`), route);
    }
  });

  test('health costs no function', () => {
    assert.equal(methods.get('GET /health')!.Integration.Type, 'MOCK');
  });

  test('each path answers other methods with 405 and the methods it takes', () => {
    for (const path of new Set([...methods.keys()].map((route) => route.split(' ')[1]!))) {
      if (path === '/') continue;
      const [response] = methods.get(`ANY ${path}`)!.Integration.IntegrationResponses;
      assert.equal(response.StatusCode, '405', path);
      const allowed = response.ResponseParameters['method.response.header.Allow'].slice(1, -1).split(', ');
      const taken = [...methods.keys()].filter((route) => route.endsWith(` ${path}`) && !route.startsWith('ANY '));
      assert.deepEqual(allowed.sort(), taken.map((route) => route.split(' ')[0]).sort(), path);
    }
  });

  test('each body is checked to be a JSON object', () => {
    for (const [route, { RequestValidatorId, RequestModels }] of methods) {
      const bodied = /^(POST|PUT|PATCH) /.test(route);
      assert.equal(RequestValidatorId !== undefined, bodied, route);
      assert.equal(RequestModels?.['application/json'] !== undefined, bodied, route);
    }
    template.hasResourceProperties('AWS::ApiGateway::RequestValidator', {
      ValidateRequestBody: true, ValidateRequestParameters: true,
    });
  });

  test('each path answers a preflight for the allowed origins only', () => {
    for (const [route, { Integration }] of methods) {
      if (!route.startsWith('OPTIONS ')) continue;
      const parameters = Integration.IntegrationResponses[0].ResponseParameters;
      assert.equal(parameters['method.response.header.Access-Control-Allow-Origin'], "'http://localhost:3000'", route);
    }
  });
});

describe('signing in', () => {
  const [authorizerId] = Object.keys(resources(template, 'AWS::ApiGateway::Authorizer'));
  const isProtected = (method: any) =>
    method.AuthorizationType === 'COGNITO_USER_POOLS' && target(method.AuthorizerId) === authorizerId;

  test('is asked of every method that is not public, and of no other', () => {
    // What is refused and what browsers ask beforehand need no name.
    const answering = [...methods].filter(([route]) => !/^(OPTIONS|ANY) /.test(route));
    const open = answering.filter(([, method]) => !isProtected(method)).map(([route]) => route);
    assert.deepEqual(open.sort(), [...PUBLIC].sort());
    for (const route of PUBLIC) assert.equal(methods.get(route)!.AuthorizationType, 'NONE', route);
    assert.ok([...methods].every(([route, { Integration }]) => !/^(OPTIONS|ANY) /.test(route) || Integration.Type === 'MOCK'));
  });

  test('is asked with ID tokens of this stage\'s user pool', () => {
    const { Type, ProviderARNs, IdentitySource } = resources(template, 'AWS::ApiGateway::Authorizer')[authorizerId!]!.Properties;
    assert.equal(Type, 'COGNITO_USER_POOLS');
    assert.deepEqual(ProviderARNs.map(target), Object.keys(resources(template, 'AWS::Cognito::UserPool')));
    assert.equal(IdentitySource, 'method.request.header.Authorization');
    // With scopes the gateway would take access tokens instead.
    assert.ok([...methods.values()].every(({ AuthorizationScopes }) => AuthorizationScopes === undefined));
  });

  test('each function behind the API knows the only client whose tokens it may take', () => {
    const [clientId, ...others] = Object.keys(resources(template, 'AWS::Cognito::UserPoolClient'));
    assert.deepEqual(others, []);
    const behind = Object.values(resources(template, 'AWS::Lambda::Function'))
      .filter(({ Properties }) => Properties.Environment.Variables.TOKEN_CLIENTS !== undefined);
    assert.deepEqual(behind.map(({ Properties }) => Properties.Description.split(' ')[1]).sort(),
      ['basket-api', 'ordering-api', 'product-api']);
    for (const { Properties } of behind) assert.equal(target(Properties.Environment.Variables.TOKEN_CLIENTS), clientId);
  });
});

describe('gateway responses', () => {
  const responses = Object.values(resources(template, 'AWS::ApiGateway::GatewayResponse')).map(({ Properties }) => Properties);
  const STATUSES: Record<string, string> = {
    UNAUTHORIZED: '401', EXPIRED_TOKEN: '401', INVALID_SIGNATURE: '401', ACCESS_DENIED: '403',
    MISSING_AUTHENTICATION_TOKEN: '404', BAD_REQUEST_BODY: '400', BAD_REQUEST_PARAMETERS: '400', REQUEST_TOO_LARGE: '413',
    UNSUPPORTED_MEDIA_TYPE: '415', THROTTLED: '429', INTEGRATION_FAILURE: '503', INTEGRATION_TIMEOUT: '504', DEFAULT_5XX: '500',
  };

  for (const [type, status] of Object.entries(STATUSES)) {
    test(`${type} is a problem with status ${status}`, () => {
      const response = responses.find(({ ResponseType }) => ResponseType === type);
      assert.equal(response.StatusCode, status);
      assert.equal(response.ResponseParameters['gatewayresponse.header.Content-Type'], "'application/problem+json'");
      const problem = JSON.parse(response.ResponseTemplates['application/json']);
      assert.match(problem.type, /^urn:problem-type:[a-z-]+$/);
      assert.equal(problem.status, Number(status));
      assert.equal(problem.requestId, '$context.requestId');
      assert.ok(problem.title && problem.detail);
      assert.equal('gatewayresponse.header.Retry-After' in response.ResponseParameters, ['429', '503', '504'].includes(status));
      assert.equal(response.ResponseParameters['gatewayresponse.header.WWW-Authenticate'], status === '401' ? "'Bearer'" : undefined);
    });
  }

  test('several origins are not all told that they are allowed', () => {
    const several = synthesize({ allowedOrigins: 'https://a.example,https://b.example' });
    several.allResourcesProperties('AWS::ApiGateway::GatewayResponse', {
      ResponseParameters: { 'gatewayresponse.header.Access-Control-Allow-Origin': Match.absent() },
    });
  });
});

test('the stage is throttled and logs requests without saying who sent them', () => {
  template.hasResourceProperties('AWS::ApiGateway::Stage', {
    StageName: 'dev',
    MethodSettings: [Match.objectLike({ HttpMethod: '*', ThrottlingRateLimit: 20, ThrottlingBurstLimit: 50 })],
  });
  const [stage] = Object.values(resources(template, 'AWS::ApiGateway::Stage'));
  const format = stage!.Properties.AccessLogSetting.Format;
  assert.ok(JSON.parse(format).requestId);
  assert.doesNotMatch(format, /identity|\$context\.path\b|userAgent|sourceIp/);
});
