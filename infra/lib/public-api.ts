import { readFileSync } from 'node:fs';
import { Lazy, Stack } from 'aws-cdk-lib';
import {
  AccessLogField, AccessLogFormat, type CfnStage, CognitoUserPoolsAuthorizer, EndpointType, type IAuthorizer,
  type IRequestValidator, LambdaIntegration, LogGroupLogDestination, type MethodOptions, MockIntegration,
  PassthroughBehavior, RestApi,
} from 'aws-cdk-lib/aws-apigateway';
import { Construct, type IDependable } from 'constructs';
import { Firewall } from './firewall.ts';
import { commonHeaders, EXPOSED_HEADERS, gatewayResponses, type Headers, PROBLEM_JSON, problemBody, UNKNOWN_ROUTE } from './gateway-responses.ts';
import { logGroup } from './logs.ts';
import { PartnerKeys } from './partner-keys.ts';
import { type OpenApi, describes, requestModel } from './request-models.ts';
import { RustFunction, type RustFunctionProps } from './rust-function.ts';
import type { Settings } from './settings.ts';
import type { SignIn } from './sign-in.ts';
import { methodSetting, type RateLimit } from './throttling.ts';

export type Verb = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface ApiFunctionProps extends RustFunctionProps {
  readonly api: PublicApi;
}

/** Creates a function that answers requests of the HTTP API. */
export function apiFunction(scope: Construct, id: string, { api, ...props }: ApiFunctionProps): RustFunction {
  return new RustFunction(scope, id, {
    ...props,
    environment: {
      ALLOWED_ORIGINS: props.settings.allowedOrigins.join(','),
      // The gateway accepts tokens of every client of the user pool, so functions check the client.
      TOKEN_CLIENTS: api.tokenClient,
      ...props.environment,
    },
  });
}

export interface RouteOptions {
  /** Methods that need no sign-in. */
  readonly public?: readonly Verb[];
  /**
   * Methods whose callers sign their requests: the function checks the signature, no sign-in is
   * needed.
   */
  readonly signed?: readonly Verb[];
  /** Rate limit of its methods that change something. */
  readonly pace?: RateLimit;
}

export interface PublicApiProps {
  readonly settings: Settings;
  readonly signIn: SignIn;
}

/**
 * The shop's only public entry point: an API Gateway REST API.
 *
 * It refuses requests that no function needs to see: callers who are not signed in, unknown routes
 * and methods, bodies that are not JSON objects, and more requests than the stage allows.
 */
export class PublicApi extends Construct {
  readonly url: string;
  readonly id: string;
  /** Id of the app client whose tokens are accepted. */
  readonly tokenClient: string;
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
    this.tokenClient = signIn.client.userPoolClientId;
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
    this.health();
    this.refuseUnknownRoutes();
    if (settings.partnerKey) new PartnerKeys(this, 'Keys', { settings, api: this.api, stage: this.api.deploymentStage });
    if (settings.waf) {
      new Firewall(this, 'Firewall', {
        stageArn: this.api.deploymentStage.stageArn, stage: settings.stage, signedPaths: this.signedPaths,
      });
    }
  }

  /**
   * Routes the given methods of a path to a function. Callers have to be signed in unless a method
   * is public.
   *
   * The path's other methods get 405 without a function.
   */
  route(path: string, handler: RustFunction, verbs: readonly Verb[], { public: open = [], signed = [], pace = 'change' }: RouteOptions = {}): void {
    const resource = this.api.root.resourceForPath(path);
    const integration = new LambdaIntegration(handler, { allowTestInvoke: false });
    if (verbs.every((verb) => signed.includes(verb))) this.signedPaths.push(path);
    for (const verb of verbs) {
      resource.addMethod(verb, integration, {
        ...(open.includes(verb) ? { apiKeyRequired: this.settings.partnerKey }
          : signed.includes(verb) ? {} : { authorizer: this.authorizer }),
        ...(BODIED.has(verb) ? this.checked(verb, path) : {}),
      });
      this.throttled.push(methodSetting(path, verb, verb === 'GET' ? 'read' : pace, this.settings));
    }
    this.refuseOtherMethods(path, verbs);
  }

  private checked(verb: Verb, path: string): MethodOptions {
    if (!describes(DESCRIPTION, verb, path)) throw new Error(`docs/openapi.json has no ${verb} ${path}.`);
    const schema = requestModel(DESCRIPTION, verb, path);
    // No body is described, so there is nothing to check: the function ignores a body.
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

  /** Reports that the API is deployed; invokes no function. */
  private health(): void {
    const answer = this.mock(200, '{"status":"ok"}', { 'Content-Type': "'application/json'" });
    this.api.root.resourceForPath('/health').addMethod('GET', answer.integration, answer.method);
    this.refuseOtherMethods('/health', ['GET']);
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

/** The API's OpenAPI description. */
const DESCRIPTION = JSON.parse(readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8')) as OpenApi;

const BODIED: ReadonlySet<Verb> = new Set(['POST', 'PUT', 'PATCH']);

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
