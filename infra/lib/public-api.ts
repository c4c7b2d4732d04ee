import { Lazy, Stack } from 'aws-cdk-lib';
import {
  AccessLogField, AccessLogFormat, type CfnStage, CognitoUserPoolsAuthorizer, EndpointType, type IAuthorizer,
  type IRequestValidator, LambdaIntegration, LogGroupLogDestination, type MethodOptions, MockIntegration,
  PassthroughBehavior, RestApi,
} from 'aws-cdk-lib/aws-apigateway';
import { Construct, type IDependable } from 'constructs';
import { deployedRoutes, type FunctionRoute, type GatewayRoute, routesOf, type Verb } from './api-routes.ts';
import { Firewall } from './firewall.ts';
import { commonHeaders, EXPOSED_HEADERS, gatewayResponses, type Headers, PROBLEM_JSON, problemBody, UNKNOWN_ROUTE } from './gateway-responses.ts';
import { logGroup } from './logs.ts';
import { readDocument } from './openapi.ts';
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
 * The shop's only public entry point: an API Gateway REST API with the routes of the OpenAPI
 * document.
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
  private readonly authorizer: IAuthorizer;
  private readonly throttled: CfnStage.MethodSettingProperty[] = [];
  private readonly validator: IRequestValidator;
  /**
   * Paths where every method that reaches a function takes signed requests. It grows with the
   * routes.
   */
  private readonly signedPaths: string[] = [];

  constructor(scope: Construct, id: string, { settings, signIn }: PublicApiProps) {
    super(scope, id);
    this.settings = settings;
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
    this.authorizer = new CognitoUserPoolsAuthorizer(this, 'SignedIn', { cognitoUserPools: [signIn.pool] });
    this.validator = this.api.addRequestValidator('Validator', {
      validateRequestBody: true, validateRequestParameters: true,
    });
    for (const response of gatewayResponses(settings.allowedOrigins)) {
      this.api.addGatewayResponse(response.type.responseType, response);
    }
    this.throttle();
    this.refuseUnknownRoutes();
    if (settings.partnerKey) new PartnerKeys(this, 'Keys', { settings, api: this.api, stage: this.api.deploymentStage });
    if (settings.waf) {
      new Firewall(this, 'Firewall', {
        stageArn: this.api.deploymentStage.stageArn, stage: settings.stage, signedPaths: this.signedPaths,
      });
    }
  }

  /**
   * Adds the routes that these functions answer, and those that the gateway answers itself. A
   * path's other methods get 405 without a function.
   */
  addRoutes(functions: readonly RustFunction[]): void {
    const byName = new Map(functions.map((answering) => [answering.name, answering]));
    const deployed = deployedRoutes(ROUTES, functions);
    for (const path of new Set(deployed.map((route) => route.path))) {
      const routes = deployed.filter((route) => route.path === path);
      for (const route of routes) {
        if ('response' in route) this.respond(route);
        else this.invoke(route, byName.get(route.function)!);
      }
      if (routes.every((route) => 'access' in route && route.access === 'signer')) this.signedPaths.push(path);
      this.refuseOtherMethods(path, routes.map(({ verb }) => verb));
    }
  }

  private invoke(route: FunctionRoute, answering: RustFunction): void {
    const { verb, path, access, rateLimit } = route;
    this.api.root.resourceForPath(path).addMethod(verb, new LambdaIntegration(answering, { allowTestInvoke: false }), {
      ...(access === 'user' ? { authorizer: this.authorizer } : {}),
      ...(access === 'program' ? { apiKeyRequired: this.settings.partnerKey } : {}),
      ...this.checked(route),
    });
    this.throttled.push(methodSetting(path, verb, rateLimit, this.settings));
  }

  private respond({ verb, path, response }: GatewayRoute): void {
    const answer = this.mock(response.status, response.body, { 'Content-Type': "'application/json'" });
    this.api.root.resourceForPath(path).addMethod(verb, answer.integration, answer.method);
  }

  /** Lets the gateway check a body. A route without a described body ignores it. */
  private checked({ verb, path, requestModel: schema }: FunctionRoute): MethodOptions {
    if (schema === undefined) return {};
    const model = this.api.addModel(`Body${verb}${path}`.replaceAll(/[^A-Za-z]/g, ''), { contentType: 'application/json', schema });
    // For every content type: the gateway would not validate the other ones.
    return { requestValidator: this.validator, requestModels: { 'application/json': model, $default: model } };
  }

  /** Sets the limits of each route. Responses that the gateway generates have those of a change. */
  private throttle(): void {
    const stage = this.api.deploymentStage.node.defaultChild as CfnStage;
    stage.methodSettings = Lazy.any({
      produce: () => [methodSetting('/*', '*', 'change', this.settings), ...this.throttled],
    });
  }

  /**
   * Answers 404 on every path without a route.
   *
   * The gateway does so by itself only for callers without a token. Where no route reads the token,
   * it takes it for an AWS signature, finds it malformed and answers 403.
   */
  private refuseUnknownRoutes(): void {
    const answer = this.mock(404, problemBody(UNKNOWN_ROUTE), { 'Content-Type': PROBLEM_JSON });
    for (const path of ['/', '/{proxy+}']) {
      this.api.root.resourceForPath(path).addMethod('ANY', answer.integration, answer.method);
    }
  }

  private refuseOtherMethods(path: string, verbs: readonly Verb[]): void {
    const allowed = [...verbs, 'OPTIONS'].join(', ');
    const answer = this.mock(405, problemBody({
      slug: 'method-not-allowed', title: 'Method not allowed', status: 405, detail: `This resource takes ${allowed}.`,
    }), { 'Content-Type': PROBLEM_JSON, Allow: `'${allowed}'` });
    this.api.root.resourceForPath(path).addMethod('ANY', answer.integration, answer.method);
  }

  /** A response that the gateway generates. */
  private mock(status: number, body: string, own: Headers) {
    const statusCode = String(status);
    const parameters = Object.entries({ ...own, ...commonHeaders(this.settings.allowedOrigins) })
      .map(([name, value]) => [`method.response.header.${name}`, value] as const);
    return {
      integration: new MockIntegration({
        // A mock integration only handles requests that its template covers.
        passthroughBehavior: PassthroughBehavior.NEVER,
        requestTemplates: { 'application/json': `{"statusCode": ${statusCode}}` },
        integrationResponses: [{
          statusCode,
          responseParameters: Object.fromEntries(parameters),
          responseTemplates: { 'application/json': body },
        }],
      }),
      method: {
        methodResponses: [{
          statusCode,
          responseParameters: Object.fromEntries(parameters.map(([name]) => [name, true])),
        }],
      },
    };
  }
}

const ROUTES = routesOf(readDocument());

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
