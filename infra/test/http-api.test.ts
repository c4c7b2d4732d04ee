import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { routesOf, withHeads } from '../constructs/api-routes.ts';
import { readDocument } from '../constructs/openapi.ts';
import { called, only, pathOf, propertiesOf, resources, synthesize, target } from './template.ts';

const http = synthesize({ api: 'http' });
const rest = synthesize();

/** What a route of either kind does. */
interface Reached {
  /** The function that answers; none if the gateway does. */
  readonly function: string | undefined;
  readonly signedIn: boolean;
}

/** The routes of the HTTP API, as `METHOD /path`. */
const routes = new Map(propertiesOf(http, 'AWS::ApiGatewayV2::Route')
  // The other API is that of the WebSocket.
  .filter(({ RouteKey }) => RouteKey.includes(' '))
  .map((route) => {
    const integration = resources(http, 'AWS::ApiGatewayV2::Integration')[target(route.Target)!]!;
    return [route.RouteKey as string, { ...route, integration: integration.Properties }];
  }));

const ofHttp = new Map([...routes].map(([route, { AuthorizationType, integration }]): [string, Reached] =>
  [route, { function: called(http, integration.IntegrationUri), signedIn: AuthorizationType === 'JWT' }]));

const ofRest = new Map(propertiesOf(rest, 'AWS::ApiGateway::Method').map((method): [string, Reached] => [
  `${method.HttpMethod} ${pathOf(rest, method.ResourceId)}`,
  { function: called(rest, method.Integration.Uri ?? null), signedIn: method.AuthorizationType === 'COGNITO_USER_POOLS' },
]));

const isFixed = (route: string) => /^(GET|HEAD) \/health$/.test(route);

describe('both kinds of API', () => {
  test('have every described operation, answered by the same function for the same callers', () => {
    const described = withHeads(routesOf(readDocument()));
    assert.ok(described.length > 40);
    for (const route of described) {
      const name = `${route.verb} ${route.path}`;
      const signedIn = 'access' in route && route.access === 'user';
      const expected = 'function' in route ? route.function : undefined;
      assert.deepEqual(ofRest.get(name), { function: expected, signedIn }, name);
      assert.deepEqual(ofHttp.get(name), { function: expected ?? 'product-api', signedIn }, name);
    }
    assert.deepEqual([...ofHttp.keys()].sort(), described.map(({ verb, path }) => `${verb} ${path}`).sort());
  });

  test('differ in no function, queue or table', () => {
    for (const type of ['Lambda::Function', 'SQS::Queue', 'DynamoDB::Table', 'Events::Rule']) {
      assert.deepEqual(propertiesOf(http, `AWS::${type}`), propertiesOf(rest, `AWS::${type}`), type);
    }
  });

  test('are not there together', () => {
    const types = (template: typeof http) =>
      new Set(Object.values(template.toJSON().Resources as Record<string, { Type: string }>).map(({ Type }) => Type));
    assert.deepEqual([...types(http)].filter((type) => /ApiGateway::(?!Account)/.test(type)), []);
    assert.equal(propertiesOf(rest, 'AWS::ApiGatewayV2::Api').filter(({ ProtocolType }) => ProtocolType === 'HTTP').length, 0);
  });

  test('allow pages the same', () => {
    const allowed = { services: 'core', allowedOrigins: 'https://shop.example.com' };
    const [http, rest] = [synthesize({ api: 'http', ...allowed }), synthesize(allowed)];
    const { CorsConfiguration: cors } = propertiesOf(http, 'AWS::ApiGatewayV2::Api').find(({ ProtocolType }) => ProtocolType === 'HTTP');
    const preflight = propertiesOf(rest, 'AWS::ApiGateway::Method').find(({ HttpMethod }) => HttpMethod === 'OPTIONS');
    const header = (name: string) =>
      preflight.Integration.IntegrationResponses[0].ResponseParameters[`method.response.header.Access-Control-${name}`].slice(1, -1).split(',');
    assert.deepEqual(cors.AllowOrigins, header('Allow-Origin'));
    assert.deepEqual(cors.AllowHeaders, header('Allow-Headers'));
    assert.deepEqual(cors.AllowMethods, header('Allow-Methods'));
    assert.deepEqual(cors.ExposeHeaders, header('Expose-Headers'));
    assert.equal(cors.AllowCredentials, undefined);
  });

  test('allow the pages of the site', () => {
    const { CorsConfiguration: cors } = propertiesOf(synthesize({ api: 'http' }), 'AWS::ApiGatewayV2::Api').find(({ ProtocolType }) => ProtocolType === 'HTTP');
    assert.deepEqual(cors.AllowOrigins, [{ 'Fn::Join': ['', ['https://', { 'Fn::GetAtt': [only(synthesize({ api: 'http' }), 'AWS::CloudFront::Distribution')[0], 'DomainName'] }]] }]);
  });
});

describe('the HTTP API', () => {
  const stage = Object.values(resources(http, 'AWS::ApiGatewayV2::Stage')).find(({ Properties }) => Properties.RouteSettings !== undefined)!;

  test('accepts tokens of the user pool for its only client', () => {
    const [, { Properties: authorizer }] = Object.entries(resources(http, 'AWS::ApiGatewayV2::Authorizer'))
      .find(([, { Properties }]) => Properties.AuthorizerType === 'JWT')!;
    assert.deepEqual(authorizer.IdentitySource, ['$request.header.Authorization']);
    assert.equal(target(authorizer.JwtConfiguration.Audience), only(http, 'AWS::Cognito::UserPoolClient')[0]);
    assert.match(JSON.stringify(authorizer.JwtConfiguration.Issuer), /^\{"Fn::Join":\["",\["https:\/\/cognito-idp\.",/);
    assert.equal(target(authorizer.JwtConfiguration.Issuer), only(http, 'AWS::Cognito::UserPool')[0]);
    // With scopes the gateway would expect access tokens instead.
    assert.ok([...routes.values()].every(({ AuthorizationScopes }) => AuthorizationScopes === undefined));
  });

  test('passes payloads of version 2.0 and the stage\'s variables', () => {
    for (const { integration } of routes.values()) assert.equal(integration.PayloadFormatVersion, '2.0');
    const [{ Properties: restStage }] = Object.values(resources(rest, 'AWS::ApiGateway::Stage')) as [any];
    assert.deepEqual(stage.Properties.StageVariables, restStage.Variables);
    assert.equal(stage.Properties.StageName, 'dev');
  });

  test('limits each route as the REST API does, once the route exists', () => {
    const [{ Properties: restStage }] = Object.values(resources(rest, 'AWS::ApiGateway::Stage')) as [any];
    const limits = Object.fromEntries(restStage.MethodSettings.map((setting: any) => [
      `${setting.HttpMethod} ${setting.ResourcePath.replace(/^\/~1/, '/').replaceAll('~1', '/')}`,
      { ThrottlingRateLimit: setting.ThrottlingRateLimit, ThrottlingBurstLimit: setting.ThrottlingBurstLimit },
    ]));
    const { '* /*': others, ...each } = limits;
    assert.deepEqual(stage.Properties.RouteSettings, each);
    assert.deepEqual(stage.Properties.DefaultRouteSettings, others);
    assert.deepEqual(stage.Properties.RouteSettings['POST /basket/checkout'], { ThrottlingRateLimit: 5, ThrottlingBurstLimit: 13 });
    const all = Object.entries(resources(http, 'AWS::ApiGatewayV2::Route')).filter(([, { Properties }]) => routes.has(Properties.RouteKey));
    for (const [id] of all) assert.ok(stage.DependsOn!.includes(id), id);
  });

  test('has a permission for each function, not for each route', () => {
    const permissions = propertiesOf(http, 'AWS::Lambda::Permission').filter(({ Principal }) => Principal === 'apigateway.amazonaws.com');
    const functions = new Set([...ofHttp.values()].map((reached) => reached.function));
    for (const name of functions) {
      const own = permissions.filter(({ FunctionName }) => called(http, FunctionName) === name);
      assert.equal(own.length, 1, name);
    }
  });

  test('writes its requests to a log without saying who sent them', () => {
    const format = stage.Properties.AccessLogSettings.Format;
    assert.ok(JSON.parse(format).requestId);
    assert.doesNotMatch(format, /identity|\$context\.path\b|userAgent|sourceIp/);
  });

  test('has the core\'s routes only where nothing else is deployed', () => {
    const core = propertiesOf(synthesize({ api: 'http', services: 'core' }), 'AWS::ApiGatewayV2::Route').map(({ RouteKey }) => RouteKey);
    const own = [...ofHttp].filter(([route, reached]) => /^(product|basket|ordering)-/.test(reached.function!) || isFixed(route));
    assert.deepEqual(core.sort(), own.map(([route]) => route).sort());
  });

  test('raises the alarm on failing requests', () => {
    const alarms = (context: Record<string, string>) => propertiesOf(synthesize({ stage: 'prod', ...context }), 'AWS::CloudWatch::Alarm')
      .filter(({ Namespace }) => Namespace === 'AWS/ApiGateway').map(({ MetricName }) => MetricName);
    assert.deepEqual(alarms({ api: 'http' }), ['5xx']);
    assert.deepEqual(alarms({}), ['5XXError']);
  });
});
