import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { allowedTo, called, type Context, functionNamed, list, nameOf, propertiesOf, resources, synthesize, target } from './template.ts';

const template = synthesize();
const functions = resources(template, 'AWS::Lambda::Function');
const of = (kind: string) => Object.values(resources(template, `AWS::ApiGatewayV2::${kind}`)).map(({ Properties }) => Properties);

describe('the WebSocket API', () => {
  const routes = new Map(of('Route').map((route) => [route.RouteKey, route]));

  test('each route has its function, and what clients say is answered', () => {
    const integrations = resources(template, 'AWS::ApiGatewayV2::Integration');
    const handlers = [...routes].map(([key, { Target }]) =>
      [key, called(template, integrations[target(Target)!]!.Properties.IntegrationUri)]);
    assert.deepEqual(Object.fromEntries(handlers), {
      $connect: 'realtime-connections', $disconnect: 'realtime-connections', $default: 'realtime-messages',
    });
    assert.equal(routes.get('$default').RouteResponseSelectionExpression, '$default');
    assert.deepEqual(of('RouteResponse').map(({ RouteResponseKey }) => RouteResponseKey), ['$default']);
  });

  test('no frame selects its route, or it could name those of connections', () => {
    // The backslash keeps the dollar sign from starting a variable.
    assert.deepEqual(of('Api').map(({ RouteSelectionExpression }) => RouteSelectionExpression), ['\\$default']);
  });

  test('nobody connects whose token was not looked at', () => {
    const [authorizer, ...others] = of('Authorizer');
    assert.equal(others.length, 0);
    assert.equal(routes.get('$connect').AuthorizationType, 'CUSTOM');
    assert.deepEqual(authorizer.IdentitySource, ['route.request.querystring.token']);
    assert.equal(called(template, authorizer.AuthorizerUri), 'realtime-authorizer');
    const { Environment: { Variables } } = functions[functionNamed(template, 'realtime-authorizer')]!.Properties;
    const [pool] = Object.keys(resources(template, 'AWS::Cognito::UserPool'));
    assert.match(JSON.stringify(Variables.TOKEN_ISSUER), new RegExp(`https://cognito-idp\\..*"Ref":"${pool}"`));
    assert.ok(target(Variables.TOKEN_CLIENTS)! in resources(template, 'AWS::Cognito::UserPoolClient'));
  });

  test('the access log has neither queries, which contain tokens, nor the client', () => {
    const [{ AccessLogSettings: { Format } }] = of('Stage');
    const fields = Object.values(JSON.parse(Format) as Record<string, string>);
    assert.deepEqual(fields.sort(), [
      '$context.connectionId', '$context.error.responseType', '$context.eventType', '$context.integrationLatency',
      '$context.requestId', '$context.requestTimeEpoch', '$context.routeKey', '$context.status',
    ]);
  });

  test('a stage takes no more frames than was asked for', () => {
    const settings = (context: Context) => Object.values(resources(synthesize(context), 'AWS::ApiGatewayV2::Stage'))
      .map(({ Properties }) => Properties.DefaultRouteSettings);
    assert.deepEqual(settings({}), [{ ThrottlingRateLimit: 20, ThrottlingBurstLimit: 50 }]);
    assert.deepEqual(settings({ services: 'realtime', requestsPerSecond: '7', requestBurst: '9' }), [{ ThrottlingRateLimit: 7, ThrottlingBurstLimit: 9 }]);
  });

  test('two functions may speak to clients of this stage, one of them may end connections, and no other function may anything', () => {
    const [api] = Object.keys(resources(template, 'AWS::ApiGatewayV2::Api'));
    const allowed = Object.keys(functions).flatMap((id) => allowedTo(template, id)
      .filter(({ Action }) => list(Action).includes('execute-api:ManageConnections'))
      .flatMap(({ Action, Resource }) => list(Resource).map((resource) => {
        assert.deepEqual(list(Action), ['execute-api:ManageConnections']);
        const text = JSON.stringify(resource);
        assert.ok(text.includes(`{"Ref":"${api}"}`), text);
        return `${nameOf(template, id)} ${/"(\/dev\/[^"]*)"/.exec(text)![1]}`;
      })));
    assert.deepEqual(allowed.sort(), [
      'realtime-messages /dev/DELETE/@connections/*', 'realtime-messages /dev/POST/@connections/*', 'realtime-on-order /dev/POST/@connections/*',
    ]);
  });

  test('only this API may call its functions', () => {
    const [api] = Object.keys(resources(template, 'AWS::ApiGatewayV2::Api'));
    // Events invoke the other functions of the service.
    const permissions = propertiesOf(template, 'AWS::Lambda::Permission')
      .filter(({ FunctionName }) => /^realtime-(?!on-)/.test(nameOf(template, target(FunctionName))));
    const sources = permissions.map(({ FunctionName, Principal, SourceArn }) => {
      assert.equal(Principal, 'apigateway.amazonaws.com');
      const text = JSON.stringify(SourceArn);
      assert.ok(text.includes(`{"Ref":"${api}"}`), text);
      return `${nameOf(template, target(FunctionName)!)} ${/"(\/(?:\*|authorizers\/)[^"]*)"/.exec(text)![1]}`;
    });
    assert.deepEqual(sources.sort(), [
      'realtime-authorizer /authorizers/', 'realtime-connections /*$connect', 'realtime-connections /*$disconnect', 'realtime-messages /*$default',
    ]);
  });
});
