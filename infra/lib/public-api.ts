import { Stack } from 'aws-cdk-lib';
import {
  AccessLogField, AccessLogFormat, type CfnStage, CognitoUserPoolsAuthorizer, EndpointType, type IRequestValidator,
  LambdaIntegration, LogGroupLogDestination, type MethodOptions, RestApi,
} from 'aws-cdk-lib/aws-apigateway';
import { Construct, type IDependable } from 'constructs';
import { ApiFunction } from './api-function.ts';
import { deployedRoutes, type FunctionRoute, type GatewayRoute, type Route, routesOf } from './api-routes.ts';
import { Firewall } from './firewall.ts';
import { type FixedResponse, fixedResponse } from './fixed-response.ts';
import { EXPOSED_HEADERS, gatewayResponses, PROBLEM_JSON, problemBody, UNKNOWN_ROUTE } from './gateway-responses.ts';
import { logGroup } from './logs.ts';
import { DOCUMENT_NAME, readDocument } from './openapi.ts';
import { PartnerKeys } from './partner-keys.ts';
import type { RustFunction } from './rust-function.ts';
import type { Settings } from './settings.ts';
import type { SignIn } from './sign-in.ts';
import { methodSetting } from './throttling.ts';

export interface PublicApiProps {
  readonly settings: Settings;
  readonly signIn: SignIn;
}

/**
 * The shop's only public entry point: an API Gateway REST API with the routes of
 * `docs/openapi.json`.
 *
 * It refuses requests that no function needs to see: callers who are not signed in, unknown routes
 * and methods, bodies that are not JSON objects, and more requests than the stage allows.
 */
export class PublicApi extends Construct {
  readonly url: string;
  readonly id: string;
  /** Lets API Gateway write logs in this account. */
  readonly logging: IDependable;
  private readonly api: RestApi;
  private readonly settings: Settings;
  private readonly signIn: SignIn;
  private readonly validator: IRequestValidator;

  constructor(scope: Construct, id: string, { settings, signIn }: PublicApiProps) {
    super(scope, id);
    this.settings = settings;
    this.signIn = signIn;
    this.api = new RestApi(this, 'Rest', {
      restApiName: Stack.of(this).stackName,
      endpointTypes: [EndpointType.REGIONAL],
      deployOptions: {
        stageName: settings.stage,
        accessLogDestination: new LogGroupLogDestination(logGroup(this, 'AccessLogs', settings)),
        accessLogFormat: ACCESS_LOG,
      },
      // Access logs need an account-wide role. It outlives the stack, as other stages may log
      // through it.
      cloudWatchRole: true,
      defaultCorsPreflightOptions: {
        allowOrigins: [...settings.allowedOrigins],
        allowMethods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
        allowHeaders: [
          'Content-Type', 'Authorization', 'If-Match', 'If-None-Match', 'Idempotency-Key', 'X-Correlation-Id',
          ...(settings.partnerKey ? ['X-Api-Key'] : []),
        ],
        // Pages send their token in a header, so browsers need not send cookies.
        allowCredentials: false,
        exposeHeaders: [...EXPOSED_HEADERS],
      },
    });
    // The URL is already an output of the stack, under a name that tools can rely on.
    this.api.node.tryRemoveChild('Endpoint');
    this.url = this.api.url;
    this.id = this.api.restApiId;
    this.logging = this.api.node.findChild('Account');
    this.validator = this.api.addRequestValidator('Validator', {
      validateRequestBody: true, validateRequestParameters: true,
    });
    for (const response of gatewayResponses(settings.allowedOrigins)) {
      this.api.addGatewayResponse(response.type.responseType, response);
    }
    if (settings.partnerKey) new PartnerKeys(this, 'Keys', { settings, api: this.api, stage: this.api.deploymentStage });
  }

  /**
   * Adds the routes that these functions answer, and those that the gateway answers itself. Call it
   * once, with the functions of all deployed services.
   */
  addRoutes(functions: readonly RustFunction[]): void {
    const routes = deployedRoutes(routesOf(readDocument()), functions);
    for (const handler of functions) {
      const answers = routes.some((route) => 'function' in route && route.function === handler.name);
      if (handler instanceof ApiFunction && !answers) {
        throw new Error(`${DOCUMENT_NAME} has no operation that ${handler.name} answers: describe its routes in services/${handler.service}/src/openapi.rs.`);
      }
    }
    const byName = new Map(functions.map((handler) => [handler.name, handler]));
    // The CDK rejects an authorizer that no method uses.
    const authorizer = routes.some((route) => 'access' in route && route.access === 'user')
      ? new CognitoUserPoolsAuthorizer(this, 'SignedIn', { cognitoUserPools: [this.signIn.pool] })
      : undefined;
    for (const route of routes) {
      if ('response' in route) this.respond(route);
      else this.invoke(byName.get(route.function)!, route, authorizer);
    }
    const paths = [...new Set(routes.map(({ path }) => path))];
    const at = (path: string) => routes.filter((route) => route.path === path);
    for (const path of paths) this.refuseOtherMethods(path, at(path));
    this.refuseUnknownRoutes();
    this.throttle(routes);
    if (this.settings.waf) {
      new Firewall(this, 'Firewall', {
        stageArn: this.api.deploymentStage.stageArn,
        stage: this.settings.stage,
        signedPaths: paths.filter((path) => at(path).every((route) => 'access' in route && route.access === 'signer')),
      });
    }
  }

  private invoke(handler: RustFunction, route: FunctionRoute, authorizer?: CognitoUserPoolsAuthorizer): void {
    this.api.root.resourceForPath(route.path).addMethod(route.verb, new LambdaIntegration(handler, { allowTestInvoke: false }), {
      ...(route.access === 'user' ? { authorizer } : {}),
      ...(route.access === 'program' ? { apiKeyRequired: this.settings.partnerKey } : {}),
      ...this.bodyCheck(route),
    });
  }

  /** An operation without a described body has nothing to check: its function ignores a body. */
  private bodyCheck({ verb, path, requestModel: schema }: FunctionRoute): MethodOptions {
    if (schema === undefined) return {};
    const model = this.api.addModel(`Body${verb}${path}`.replaceAll(/[^A-Za-z]/g, ''), { contentType: 'application/json', schema });
    // For every content type: the gateway would not validate the other ones.
    return { requestValidator: this.validator, requestModels: { 'application/json': model, $default: model } };
  }

  private respond({ verb, path, response }: GatewayRoute): void {
    this.addFixedResponse(path, verb, { ...response, headers: { 'Content-Type': "'application/json'" } });
  }

  private refuseOtherMethods(path: string, routes: readonly Route[]): void {
    const allowed = [...routes.map(({ verb }) => verb), 'OPTIONS'].join(', ');
    const body = problemBody({
      slug: 'method-not-allowed', title: 'Method not allowed', status: 405, detail: `This resource takes ${allowed}.`,
    });
    this.addFixedResponse(path, 'ANY', { status: 405, body, headers: { 'Content-Type': PROBLEM_JSON, Allow: `'${allowed}'` } });
  }

  /**
   * Answers 404 on every path without a route.
   *
   * The gateway does so by itself only for callers without a token. Where no route reads the token,
   * it takes it for an AWS signature, finds it malformed and answers 403.
   */
  private refuseUnknownRoutes(): void {
    const response = { status: 404, body: problemBody(UNKNOWN_ROUTE), headers: { 'Content-Type': PROBLEM_JSON } };
    for (const path of ['/', '/{proxy+}']) this.addFixedResponse(path, 'ANY', response);
  }

  private addFixedResponse(path: string, method: string, response: FixedResponse): void {
    const { integration, options } = fixedResponse(response, this.settings.allowedOrigins);
    this.api.root.resourceForPath(path).addMethod(method, integration, options);
  }

  /** Sets the limits of each route. Responses that the gateway generates have those of a change. */
  private throttle(routes: readonly Route[]): void {
    const stage = this.api.deploymentStage.node.defaultChild as CfnStage;
    stage.methodSettings = [
      methodSetting('/*', '*', 'change', this.settings),
      ...routes.filter((route) => 'function' in route)
        .map(({ path, verb, rateLimit }) => methodSetting(path, verb, rateLimit, this.settings)),
    ];
  }
}

/** One JSON line per request, without the caller's identity. */
const ACCESS_LOG = AccessLogFormat.custom(JSON.stringify({
  requestId: AccessLogField.contextRequestId(),
  time: AccessLogField.contextRequestTimeEpoch(),
  method: AccessLogField.contextHttpMethod(),
  resource: AccessLogField.contextResourcePath(),
  status: AccessLogField.contextStatus(),
  error: AccessLogField.contextErrorResponseType(),
  latencyMs: AccessLogField.contextResponseLatency(),
  integrationLatencyMs: AccessLogField.contextIntegrationLatency(),
  responseBytes: AccessLogField.contextResponseLength(),
}));
