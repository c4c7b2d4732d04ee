import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { CfnElement } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { ResponseType } from 'aws-cdk-lib/aws-apigateway';
import { HttpFunction } from '../constructs/http-function.ts';
import { readDocument } from '../constructs/openapi.ts';
import { ANSWERING, called, type Context, NAMES, only, pathOf, propertiesOf, resources, stacks, synthesize, target } from './template.ts';

const template = synthesize();

/** The origin of the site's pages, in templates. */
const SITE_ORIGIN = { 'Fn::Join': ['', ['https://', { 'Fn::GetAtt': [only(template, 'AWS::CloudFront::Distribution')[0], 'DomainName'] }]] };

/** A value as a literal of the gateway's mapping language. */
const quoted = (value: unknown) => ({ 'Fn::Join': ['', ["'", value, "'"]] });

/** `METHOD /path` of every method, with its properties. */
const methods = new Map(Object.values(resources(template, 'AWS::ApiGateway::Method'))
  .map(({ Properties }) => [`${Properties.HttpMethod} ${pathOf(template, Properties.ResourceId)}`, Properties]));

/** Methods whose callers sign their requests: their function checks the signature. */
const SIGNED = ['POST /payment/webhook'];

interface DocumentedRoute {
  readonly route: string;
  /** The status for a caller without a token. */
  readonly nobody: string;
}

/** The routes as docs/security.md lists them by hand, and the one that it names below its table. */
const DOCUMENTED: readonly DocumentedRoute[] = [
  ...[...readFileSync(new URL('../../docs/security.md', import.meta.url), 'utf8')
    .matchAll(/^\| `([A-Z]+ \/\S*)` \| (\d+) \| \d+ \| \d+ \| \d+ \|$/gm)]
    .map(([, route, nobody]) => ({ route: route!, nobody: nobody! })),
  { route: 'DELETE /me', nobody: '401' },
];

/** The function that answers each route. */
const ROUTES: Readonly<Record<string, string>> = Object.fromEntries(DOCUMENTED
  .filter(({ route }) => route !== 'GET /health')
  .map(({ route }) => {
    const [verb, path] = route.split(' ') as [string, string];
    const [service] = readDocument().paths[path]?.[verb.toLowerCase()]?.tags ?? [];
    return [route, SIGNED.includes(route) ? `${service}-webhook` : `${service}-api`];
  }));

/** Paths of the catch-all for unknown routes. */
const NOWHERE = ['/', '/{proxy+}'];

/** The HEAD beside a GET. */
const headOf = (route: string) => route.replace(/^GET /, 'HEAD ');
const withHeads = (routes: readonly string[]) => [...new Set(routes.flatMap((route) => [route, headOf(route)]))].sort();

/** Methods that need no sign-in. */
const PUBLIC = withHeads(DOCUMENTED.filter(({ nobody }) => nobody !== '401').map(({ route }) => route));

/** Methods that need no body, because their path is enough. */
const BODILESS = ['POST /order/{userName}/{orderId}/cancel'];

describe('routes', () => {
  test('each reaches the function of its service, and there is no other', () => {
    const served = [...methods].filter(([, { Integration }]) => Integration.Type === 'AWS_PROXY');
    assert.deepEqual(served.map(([route]) => route).sort(), withHeads(Object.keys(ROUTES)));
    for (const [route, name] of Object.entries(ROUTES)) {
      assert.equal(called(template, methods.get(route)!.Integration.Uri), name, route);
    }
  });

  test('each GET has a HEAD, which the same function answers to the same callers', () => {
    const gets = [...methods].filter(([route]) => route.startsWith('GET '));
    assert.equal(gets.length, DOCUMENTED.filter(({ route }) => route.startsWith('GET ')).length);
    for (const [route, { HttpMethod, ...get }] of gets) {
      const { HttpMethod: _, ...head } = methods.get(headOf(route)) ?? {};
      assert.deepEqual(head, get, route);
    }
    assert.equal([...methods.keys()].filter((route) => route.startsWith('HEAD ')).length, gets.length);
  });

  test('functions learn with each request which services are deployed', () => {
    const services = (context: Context) => only(synthesize(context), 'AWS::ApiGateway::Stage')[1].Properties.Variables;
    assert.deepEqual(services({ services: 'core' }), { services: 'product,basket,ordering' });
    assert.equal(services({}).services, NAMES.join(','));
  });

  test('the core has its own routes only', () => {
    const core = synthesize({ services: 'core' });
    const served = propertiesOf(core, 'AWS::ApiGateway::Method').filter(({ Integration }) => Integration.Type === 'AWS_PROXY')
      .map(({ HttpMethod, ResourceId }) => `${HttpMethod} ${pathOf(core, ResourceId)}`);
    const own = Object.keys(ROUTES).filter((route) => /^(product|basket|ordering)-/.test(ROUTES[route]!));
    assert.equal(own.length, 19);
    assert.deepEqual(served.sort(), withHeads(own));
  });

  test('health costs no function', () => {
    for (const route of ['GET /health', 'HEAD /health']) assert.equal(methods.get(route)!.Integration.Type, 'MOCK');
  });

  test('each path answers other methods with 405 and the methods it takes', () => {
    for (const path of new Set([...methods.keys()].map((route) => route.split(' ')[1]!))) {
      // Path segments between routes have no methods.
      if (NOWHERE.includes(path) || !methods.has(`ANY ${path}`)) continue;
      const [response] = methods.get(`ANY ${path}`)!.Integration.IntegrationResponses;
      assert.equal(response.StatusCode, '405', path);
      const allowed = response.ResponseParameters['method.response.header.Allow'].slice(1, -1).split(', ');
      const taken = [...methods.keys()].filter((route) => route.endsWith(` ${path}`) && !route.startsWith('ANY '));
      assert.deepEqual(allowed.sort(), taken.map((route) => route.split(' ')[0]).sort(), path);
    }
  });

  test('what is unknown is answered with 404, whatever token comes with it', () => {
    for (const path of NOWHERE) {
      const { AuthorizationType, Integration } = methods.get(`ANY ${path}`)!;
      assert.equal(AuthorizationType, 'NONE');
      const [{ StatusCode, ResponseTemplates }] = Integration.IntegrationResponses;
      assert.equal(StatusCode, '404');
      assert.equal(JSON.parse(ResponseTemplates['application/json']).type, 'urn:problem-type:not-found');
    }
  });

  test('each body is checked to be a JSON object within the bounds of its description', () => {
    const models = resources(template, 'AWS::ApiGateway::Model');
    for (const [route, { RequestValidatorId, RequestModels }] of methods) {
      const bodied = /^(POST|PUT|PATCH) /.test(route) && !BODILESS.includes(route);
      assert.equal(RequestValidatorId !== undefined, bodied, route);
      for (const type of ['application/json', '$default']) {
        const schema = models[target(RequestModels?.[type])!]?.Properties.Schema;
        assert.equal(schema?.type, bodied ? 'object' : undefined, `${route} ${type}`);
        // Ten times the limit of a basket.
        if (route === 'POST /basket') assert.equal(schema.properties.items.maxItems, 1000);
      }
    }
    template.hasResourceProperties('AWS::ApiGateway::RequestValidator', {
      ValidateRequestBody: true, ValidateRequestParameters: true,
    });
  });

  test('each path answers a preflight for the allowed origins only', () => {
    const preflights = [...methods].filter(([route]) => route.startsWith('OPTIONS '));
    assert.ok(preflights.length >= 20);
    for (const [route, { Integration }] of preflights) {
      const parameters = Integration.IntegrationResponses[0].ResponseParameters;
      assert.deepEqual(parameters['method.response.header.Access-Control-Allow-Origin'], quoted(SITE_ORIGIN), route);
    }
  });

  test('functions get the allowed origins with each request', () => {
    const variables = (context: Context) => only(synthesize(context), 'AWS::ApiGateway::Stage')[1].Properties.Variables;
    assert.deepEqual(variables({}).allowedOrigins, SITE_ORIGIN);
    assert.equal(variables({ without: 'site', allowedOrigins: 'https://a.example' }).allowedOrigins, 'https://a.example');
    const both = JSON.stringify(variables({ allowedOrigins: 'https://a.example,https://b.example' }).allowedOrigins);
    assert.match(both, /DomainName.*,https:\/\/a\.example,https:\/\/b\.example/);
  });

  test('no page may call without a site and without allowed origins', () => {
    const alone = synthesize({ without: 'site' });
    assert.ok(!('allowedOrigins' in only(alone, 'AWS::ApiGateway::Stage')[1].Properties.Variables));
    assert.doesNotMatch(JSON.stringify(alone.toJSON()), /Access-Control-Allow-Origin/);
  });
});

describe('signing in', () => {
  const [authorizerId] = Object.keys(resources(template, 'AWS::ApiGateway::Authorizer'));
  const isProtected = (method: any) =>
    method.AuthorizationType === 'COGNITO_USER_POOLS' && target(method.AuthorizerId) === authorizerId;

  test('is asked of every method that is not public, and of no other', () => {
    // Refusals and preflight requests need no sign-in.
    const answering = [...methods].filter(([route]) => !/^(OPTIONS|ANY) /.test(route));
    const open = answering.filter(([, method]) => !isProtected(method)).map(([route]) => route);
    assert.deepEqual(open.sort(), [...PUBLIC, ...SIGNED].sort());
    for (const route of [...PUBLIC, ...SIGNED]) assert.equal(methods.get(route)!.AuthorizationType, 'NONE', route);
    assert.ok([...methods].every(([route, { Integration }]) => !/^(OPTIONS|ANY) /.test(route) || Integration.Type === 'MOCK'));
  });

  test('is asked with ID tokens of this stage\'s user pool', () => {
    const { Type, ProviderARNs, IdentitySource } = resources(template, 'AWS::ApiGateway::Authorizer')[authorizerId!]!.Properties;
    assert.equal(Type, 'COGNITO_USER_POOLS');
    assert.deepEqual(ProviderARNs.map(target), Object.keys(resources(template, 'AWS::Cognito::UserPool')));
    assert.equal(IdentitySource, 'method.request.header.Authorization');
    // With scopes the gateway would expect access tokens instead.
    assert.ok([...methods.values()].every(({ AuthorizationScopes }) => AuthorizationScopes === undefined));
  });

  test('each function behind the API knows the only client whose tokens it may take', () => {
    const [clientId, ...others] = Object.keys(resources(template, 'AWS::Cognito::UserPoolClient'));
    assert.deepEqual(others, []);
    const behind = Object.values(resources(template, 'AWS::Lambda::Function'))
      .filter(({ Properties }) => Properties.Environment.Variables.TOKEN_CLIENTS !== undefined);
    assert.deepEqual(behind.map(({ Properties }) => Properties.Description.split(' ')[1]).sort(),
      [...ANSWERING.filter((name) => name !== 'payment-webhook'), 'realtime-authorizer'].sort());
    for (const { Properties } of behind) assert.equal(target(Properties.Environment.Variables.TOKEN_CLIENTS), clientId);
  });
});

describe('gateway responses', () => {
  const responses = Object.values(resources(template, 'AWS::ApiGateway::GatewayResponse')).map(({ Properties }) => Properties);
  const STATUSES: Record<string, string> = {
    UNAUTHORIZED: '401', EXPIRED_TOKEN: '401', INVALID_SIGNATURE: '401', ACCESS_DENIED: '403',
    MISSING_AUTHENTICATION_TOKEN: '404', BAD_REQUEST_BODY: '400', BAD_REQUEST_PARAMETERS: '400', REQUEST_TOO_LARGE: '413',
    UNSUPPORTED_MEDIA_TYPE: '415', THROTTLED: '429', QUOTA_EXCEEDED: '429',
    WAF_FILTERED: '403', INVALID_API_KEY: '403', INTEGRATION_FAILURE: '503', INTEGRATION_TIMEOUT: '504', DEFAULT_5XX: '500',
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

  test('none is left to the gateway\'s own words', () => {
    const all = Object.values(ResponseType).filter((type) => type instanceof ResponseType).map(({ responseType }) => responseType);
    const own = responses.map(({ ResponseType: type }) => type);
    assert.ok(all.length >= 20);
    // These replace the default of their status class, which is 500.
    assert.deepEqual(all.filter((type) => !own.includes(type)).sort(),
      ['API_CONFIGURATION_ERROR', 'AUTHORIZER_CONFIGURATION_ERROR', 'AUTHORIZER_FAILURE']);
    for (const type of ['DEFAULT_4XX', 'DEFAULT_5XX']) assert.ok(own.includes(type));
  });

  test('all of them, and what the gateway answers by itself, are kept by no cache and guessed by no browser', () => {
    const own = [...methods.values()].filter(({ HttpMethod, Integration }) => Integration.Type === 'MOCK' && HttpMethod !== 'OPTIONS');
    const headers = [
      ...responses.map(({ ResponseParameters }) => ['gatewayresponse', ResponseParameters] as const),
      ...own.map(({ Integration }) => ['method.response', Integration.IntegrationResponses[0].ResponseParameters] as const),
    ];
    assert.ok(responses.length >= 15 && own.length >= 10);
    for (const [prefix, parameters] of headers) {
      const header = (name: string) => parameters[`${prefix}.header.${name}`];
      assert.equal(header('Cache-Control'), "'no-store'");
      assert.equal(header('Access-Control-Expose-Headers'), "'ETag,Location,Retry-After,X-Correlation-Id'");
      assert.equal(header('X-Content-Type-Options'), "'nosniff'");
      assert.match(header('Strict-Transport-Security'), /^'max-age=\d{8}'$/);
      assert.deepEqual(header('Access-Control-Allow-Origin'), quoted(SITE_ORIGIN));
    }
  });

  test('browsers never send cookies to the API', () => {
    for (const some of [template, synthesize({ allowedOrigins: 'https://a.example,https://b.example' })]) {
      assert.doesNotMatch(JSON.stringify(some.toJSON()), /Access-Control-Allow-Credentials/i);
    }
  });

  test('only one of several allowed origins is named', () => {
    const several = synthesize({ allowedOrigins: 'https://a.example' });
    several.allResourcesProperties('AWS::ApiGateway::GatewayResponse', {
      ResponseParameters: { 'gatewayresponse.header.Access-Control-Allow-Origin': Match.absent() },
    });
  });
});

describe('throttling', () => {
  /** `[rate, burst]` of a method, or of all others. */
  const limits = (some: typeof template, verb: string, path: string) => {
    const [stage] = Object.values(resources(some, 'AWS::ApiGateway::Stage'));
    const escaped = path === '/*' ? path : `/${path.replaceAll('/', '~1')}`;
    const setting = stage!.Properties.MethodSettings.find((candidate: any) =>
      candidate.HttpMethod === verb && candidate.ResourcePath === escaped);
    return [setting?.ThrottlingRateLimit, setting?.ThrottlingBurstLimit];
  };

  test('a checkout may be called less often than other changes, and a read more often', () => {
    assert.deepEqual(limits(template, '*', '/*'), [20, 50]);
    assert.deepEqual(limits(template, 'POST', '/basket/checkout'), [5, 13]);
    assert.deepEqual(limits(template, 'DELETE', '/basket/{userName}/items/{itemId}'), [20, 50]);
    assert.deepEqual(limits(template, 'GET', '/product/{id}'), [40, 100]);
    assert.deepEqual(limits(template, 'HEAD', '/product/{id}'), [40, 100]);
  });

  test('production takes more', () => {
    const production = synthesize({ stage: 'prod' });
    assert.deepEqual(limits(production, 'POST', '/basket/checkout'), [50, 100]);
    assert.deepEqual(limits(production, 'GET', '/product'), [400, 800]);
  });

  test('no limit is above that of an account', () => {
    const fast = synthesize({ requestsPerSecond: '10000', requestBurst: '5000' });
    assert.deepEqual(limits(fast, 'POST', '/product'), [10_000, 5_000]);
    assert.deepEqual(limits(fast, 'GET', '/product'), [10_000, 5_000]);
    assert.deepEqual(limits(fast, 'POST', '/basket/checkout'), [2_500, 1_250]);
  });

  test('each method that reaches a function has limits of its own', () => {
    for (const [route, { Integration }] of methods) {
      if (Integration.Type !== 'AWS_PROXY') continue;
      const [verb, path] = route.split(' ') as [string, string];
      for (const limit of limits(template, verb, path)) assert.ok(limit > 0, route);
    }
  });
});

describe('keys for partners', () => {
  const keyed = synthesize({ partnerKey: 'true' });
  const asked = (some: typeof template) => Object.values(resources(some, 'AWS::ApiGateway::Method'))
    .filter(({ Properties }) => Properties.ApiKeyRequired === true)
    .map(({ Properties }) => `${Properties.HttpMethod} ${pathOf(some, Properties.ResourceId)}`).sort();

  test('are not asked for unless wanted', () => {
    assert.deepEqual(asked(template), []);
    assert.deepEqual(resources(template, 'AWS::ApiGateway::ApiKey'), {});
  });

  test('are asked for where nobody has to sign in, and nowhere else', () => {
    assert.deepEqual(asked(keyed), PUBLIC.filter((route) => !route.endsWith(' /health')));
  });

  test('have a quota, which the key of the shop has not', () => {
    const plans = Object.values(resources(keyed, 'AWS::ApiGateway::UsagePlan')).map(({ Properties }) => Properties);
    assert.deepEqual(new Set(plans.map(({ Quota }) => Quota?.Limit)), new Set([10_000, undefined]));
    assert.deepEqual(new Set(plans.map(({ Throttle }) => Throttle.RateLimit)), new Set([20, 40]));
    assert.equal(Object.keys(resources(keyed, 'AWS::ApiGateway::UsagePlanKey')).length, 2);
    assert.ok(target(keyed.findOutputs('PartnerKeyId').PartnerKeyId!.Value)! in resources(keyed, 'AWS::ApiGateway::ApiKey'));
  });

  test('may be sent by browsers', () => {
    const preflights = Object.values(resources(keyed, 'AWS::ApiGateway::Method'))
      .filter(({ Properties }) => Properties.HttpMethod === 'OPTIONS');
    assert.ok(preflights.length > 0);
    for (const { Properties } of preflights) {
      const [{ ResponseParameters }] = Properties.Integration.IntegrationResponses;
      assert.match(ResponseParameters['method.response.header.Access-Control-Allow-Headers'], /\bX-Api-Key\b/);
    }
  });
});

describe('the firewall', () => {
  const walled = synthesize({ waf: 'true' });

  test('is not there unless it is paid for', () => {
    assert.deepEqual(resources(template, 'AWS::WAFv2::WebACL'), {});
  });

  test('stands before the stage, with the rules that AWS keeps and a limit for each address', () => {
    const [aclId, acl] = Object.entries(resources(walled, 'AWS::WAFv2::WebACL'))[0]!;
    assert.equal(acl.Properties.Scope, 'REGIONAL');
    const [each, common, ...more] = acl.Properties.Rules;
    assert.equal(more.length, 0);
    assert.deepEqual(each.Statement.RateBasedStatement, { AggregateKeyType: 'IP', Limit: 1000 });
    assert.deepEqual(each.Action, { Block: {} });
    assert.equal(common.Statement.ManagedRuleGroupStatement.Name, 'AWSManagedRulesCommonRuleSet');
    assert.deepEqual(common.OverrideAction, { None: {} });
    for (const { VisibilityConfig } of [acl.Properties, each, common]) {
      assert.equal(VisibilityConfig.SampledRequestsEnabled, false);
    }

    const [association] = Object.values(resources(walled, 'AWS::WAFv2::WebACLAssociation'));
    assert.equal(target(association!.Properties.WebACLArn), aclId);
    const [stageId] = Object.keys(resources(walled, 'AWS::ApiGateway::Stage'));
    assert.match(JSON.stringify(association!.Properties.ResourceArn), new RegExp(`/restapis/.*/stages/.*"${stageId}"`));
  });
});

describe('the firewall and the payment provider', () => {
  const walled = synthesize({ waf: 'true' });
  const [acl] = Object.values(resources(walled, 'AWS::WAFv2::WebACL'));

  /** Whether AWS's managed rules inspect a request to this path. */
  function looksAt(path: string): boolean {
    const [managed, ...others] = acl!.Properties.Rules
      .map(({ Statement }: any) => Statement.ManagedRuleGroupStatement).filter((statement: unknown) => statement !== undefined);
    assert.deepEqual(others, []);
    const { FieldToMatch, TextTransformations, RegexString } = managed.ScopeDownStatement.NotStatement.Statement.RegexMatchStatement;
    assert.deepEqual(FieldToMatch, { UriPath: {} });
    assert.deepEqual(TextTransformations, [{ Priority: 0, Type: 'NONE' }]);
    return !new RegExp(RegexString).test(path);
  }

  test('signed requests are refused by none of AWS\'s rules, whatever their headers are', () => {
    for (const path of ['/dev/payment/webhook', '/payment/webhook']) assert.equal(looksAt(path), false, path);
  });

  test('all other requests are looked at', () => {
    for (const route of Object.keys(ROUTES)) {
      const [, path] = route.split(' ') as [string, string];
      if (path === '/payment/webhook') continue;
      assert.ok(looksAt(path), path);
      assert.ok(looksAt(`/dev${path}`), path);
    }
    for (const path of [
      '/dev/order/payment/webhook', '/dev/payment/webhook/', '/dev/payment/webhook/more', '/dev/payment%2Fwebhook', '/other/payment/webhook',
      '/dev//payment/webhook', '/dev/payment/webhookx',
    ]) assert.ok(looksAt(path), path);
  });

  test('the limit for each address counts signed requests, too', () => {
    const [each] = acl!.Properties.Rules;
    assert.equal(each.Statement.RateBasedStatement.ScopeDownStatement, undefined);
  });
});

test('requests are logged without saying who sent them', () => {
  const [stage] = Object.values(resources(template, 'AWS::ApiGateway::Stage'));
  const format = stage!.Properties.AccessLogSetting.Format;
  assert.ok(JSON.parse(format).requestId);
  assert.doesNotMatch(format, /identity|\$context\.path\b|userAgent|sourceIp/);
});

describe('the deployment of the API', () => {
  /** The deployment of a shop whose `replaced` function is another one than before. */
  const deploymentOf = (replaced?: string) => {
    const all = stacks({ services: 'core' });
    const functions = all.flatMap(({ node }) => node.findAll().filter((construct) => construct instanceof HttpFunction));
    for (const { name, node } of functions) {
      if (name === replaced) (node.defaultChild as CfnElement).overrideLogicalId('Replaced');
    }
    const edge = Template.fromStack(all.at(-1)!);
    const [id, { DependsOn }] = only(edge, 'AWS::ApiGateway::Deployment');
    assert.deepEqual(propertiesOf(edge, 'AWS::ApiGateway::Stage').map(({ DeploymentId }) => target(DeploymentId)), [id]);
    for (const method of Object.keys(resources(edge, 'AWS::ApiGateway::Method'))) assert.ok(DependsOn!.includes(method), method);
    return id;
  };

  test('is a new one when a function that it calls was replaced, and no other time', () => {
    const deployment = deploymentOf();
    assert.equal(deploymentOf(), deployment);
    assert.notEqual(deploymentOf('basket-api'), deployment);
  });
});
