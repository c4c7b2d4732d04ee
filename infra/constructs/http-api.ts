import { AccessLogField, AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  type CfnStage, CorsHttpMethod, HttpApi as CdkHttpApi, HttpMethod, HttpNoneAuthorizer, type HttpRoute, HttpStage,
  type IHttpRouteAuthorizer, LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpUserPoolAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { UserPool, UserPoolClient } from 'aws-cdk-lib/aws-cognito';
import { Construct } from 'constructs';
import type { FunctionRoute, Route } from './api-routes.ts';
import { ALLOWED_METHODS, allowedHeaders, EXPOSED_HEADERS } from './cors.ts';
import { importedFunction } from './http-function.ts';
import { logGroup } from './logs.ts';
import type { PublicApi, PublicApiProps } from './public-api.ts';
import { ServiceStack } from './service-stack.ts';
import { limitsOf } from './throttling.ts';

/** The function of this path answers what a REST API would answer itself: it knows the document. */
const DOCUMENT_PATH = '/openapi.json';

/**
 * The shop's public entry point as an API Gateway HTTP API: cheaper than a REST API, and with fewer
 * functions. docs/api.md compares them.
 */
export class HttpApi extends Construct implements PublicApi {
  readonly url: string;
  readonly id: string;
  private readonly api: CdkHttpApi;
  private readonly stack: ServiceStack;
  private readonly integrations = new Map<string, HttpLambdaIntegration>();

  constructor(scope: Construct, id: string, { routes, allowedOrigins, variables }: PublicApiProps) {
    super(scope, id);
    this.stack = ServiceStack.of(this);
    const { settings } = this.stack;
    this.api = new CdkHttpApi(this, 'Api', {
      apiName: this.stack.stackName,
      createDefaultStage: false,
      // The gateway ignores the CORS headers of functions.
      corsPreflight: allowedOrigins.length === 0 ? undefined : {
        allowOrigins: [...allowedOrigins],
        allowMethods: ALLOWED_METHODS.map((method) => CorsHttpMethod[method]),
        allowHeaders: allowedHeaders(settings),
        exposeHeaders: [...EXPOSED_HEADERS],
      },
    });
    // The CDK rejects an authorizer that no route uses.
    const authorizer = routes.some((route) => 'access' in route && route.access === 'user') ? this.authorizer() : undefined;
    const made = routes.flatMap((route) => this.add(route, routes, authorizer));

    const limits = limitsOf('change', settings);
    const stage = new HttpStage(this, 'Stage', {
      httpApi: this.api,
      stageName: settings.stage,
      autoDeploy: true,
      stageVariables: { ...variables },
      throttle: { rateLimit: limits.perSecond, burstLimit: limits.burst },
      accessLogSettings: {
        destination: new LogGroupLogDestination(logGroup(this, 'AccessLogs')),
        format: ACCESS_LOG,
      },
    });
    (stage.node.defaultChild as CfnStage).routeSettings = this.routeSettings(routes);
    // A stage with the settings of a route that does not exist is refused.
    stage.node.addDependency(...made);
    this.url = `${stage.url}/`;
    this.id = this.api.apiId;
  }

  get serverErrors(): IMetric {
    return this.api.metricServerError({ statistic: 'Sum' });
  }

  /** It accepts tokens of this audience only. Functions tell ID tokens from access tokens. */
  private authorizer(): IHttpRouteAuthorizer {
    const value = (name: string) => this.stack.valueOf('foundation', name);
    const pool = UserPool.fromUserPoolId(this, 'Users', value('user-pool-id'));
    const client = UserPoolClient.fromUserPoolClientId(this, 'Client', value('user-pool-client-id'));
    return new HttpUserPoolAuthorizer('SignedIn', pool, { userPoolClients: [client] });
  }

  private add(route: Route, routes: readonly Route[], authorizer?: IHttpRouteAuthorizer): HttpRoute[] {
    const isFunction = (candidate: Route): candidate is FunctionRoute => 'function' in candidate;
    // An HTTP API has no responses of its own.
    const handler = isFunction(route) ? route : routes.filter(isFunction).find(({ path }) => path === DOCUMENT_PATH);
    if (handler === undefined) return [];
    return this.api.addRoutes({
      path: route.path,
      methods: [HttpMethod[route.verb]],
      integration: this.integration(handler),
      authorizer: isFunction(route) && route.access === 'user' ? authorizer! : new HttpNoneAuthorizer(),
    });
  }

  private integration({ service, function: name }: FunctionRoute): HttpLambdaIntegration {
    const known = this.integrations.get(name);
    if (known !== undefined) return known;
    const integration = new HttpLambdaIntegration(name, importedFunction(this, service, name), { scopePermissionToRoute: false });
    this.integrations.set(name, integration);
    return integration;
  }

  /** The limits of each route, over all callers together. */
  private routeSettings(routes: readonly Route[]): Record<string, unknown> {
    return Object.fromEntries(routes.filter((route) => 'function' in route).map(({ verb, path, rateLimit }) => {
      const { perSecond, burst } = limitsOf(rateLimit, this.stack.settings);
      return [`${verb} ${path}`, { ThrottlingRateLimit: perSecond, ThrottlingBurstLimit: burst }];
    }));
  }
}

/** One JSON line per request, without the caller's identity. */
const ACCESS_LOG = AccessLogFormat.custom(JSON.stringify({
  requestId: AccessLogField.contextRequestId(),
  time: AccessLogField.contextRequestTimeEpoch(),
  route: '$context.routeKey',
  status: AccessLogField.contextStatus(),
  error: AccessLogField.contextErrorResponseType(),
  latencyMs: AccessLogField.contextResponseLatency(),
  integrationLatencyMs: AccessLogField.contextIntegrationLatency(),
  responseBytes: AccessLogField.contextResponseLength(),
}));
