import {
  AccessLogField, AccessLogFormat, type CfnStage, CognitoUserPoolsAuthorizer, EndpointType, type IRequestValidator,
  LambdaIntegration, LogGroupLogDestination, type Method, type MethodOptions, RestApi as CdkRestApi,
} from 'aws-cdk-lib/aws-apigateway';
import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { UserPool } from 'aws-cdk-lib/aws-cognito';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import type { Access, FunctionRoute, GatewayRoute, Route } from './api-routes.ts';
import { ALLOWED_METHODS, allowedHeaders, EXPOSED_HEADERS } from './cors.ts';
import { Firewall } from './firewall.ts';
import { type FixedResponse, fixedResponse } from './fixed-response.ts';
import { gatewayResponses, PROBLEM_JSON, problemBody, UNKNOWN_ROUTE } from './gateway-responses.ts';
import { logGroup } from './logs.ts';
import { PartnerKeys } from './partner-keys.ts';
import { importedFunction } from './http-function.ts';
import type { PublicApi, PublicApiProps } from './public-api.ts';
import { ServiceStack } from './service-stack.ts';
import { methodSetting } from './throttling.ts';

export interface RestApiProps extends PublicApiProps {
  /** The logical id of each function in its own stack. */
  readonly functionIds: readonly string[];
}

/**
 * The shop's public entry point: an API Gateway REST API with the given routes.
 *
 * It refuses requests that no function needs to see: callers who are not signed in, unknown routes
 * and methods, bodies that are not JSON objects, and more requests than the stage allows.
 */
export class RestApi extends Construct implements PublicApi {
  readonly url: string;
  readonly id: string;
  private readonly api: CdkRestApi;
  private readonly stack: ServiceStack;
  private readonly allowedOrigins: readonly string[];
  private readonly validator: IRequestValidator;

  constructor(scope: Construct, id: string, { routes, allowedOrigins, variables, functionIds }: RestApiProps) {
    super(scope, id);
    this.stack = ServiceStack.of(this);
    this.allowedOrigins = allowedOrigins;
    const { settings } = this.stack;
    this.api = new CdkRestApi(this, 'Rest', {
      restApiName: this.stack.stackName,
      endpointTypes: [EndpointType.REGIONAL],
      deployOptions: {
        stageName: settings.stage,
        variables: { ...variables },
        accessLogDestination: new LogGroupLogDestination(logGroup(this, 'AccessLogs')),
        accessLogFormat: ACCESS_LOG,
      },
      // The foundation has it.
      cloudWatchRole: false,
      defaultCorsPreflightOptions: allowedOrigins.length === 0 ? undefined : {
        allowOrigins: [...allowedOrigins],
        allowMethods: [...ALLOWED_METHODS],
        allowHeaders: allowedHeaders(settings),
        // Pages send their token in a header, so browsers need not send cookies.
        allowCredentials: false,
        exposeHeaders: [...EXPOSED_HEADERS],
      },
    });
    // The URL is already an output of the stack, under a name that tools can rely on.
    this.api.node.tryRemoveChild('Endpoint');
    this.url = this.api.url;
    this.id = this.api.restApiId;
    this.validator = this.api.addRequestValidator('Validator', {
      validateRequestBody: true, validateRequestParameters: true,
    });
    for (const response of gatewayResponses(allowedOrigins)) {
      this.api.addGatewayResponse(response.type.responseType, response);
    }
    if (settings.partnerKey) new PartnerKeys(this, 'Keys', { api: this.api, stage: this.api.deploymentStage });
    // The CDK rejects an authorizer that no method uses.
    const authorizer = routes.some((route) => 'access' in route && route.access === 'user') ? this.authorizer() : undefined;
    for (const route of routes) {
      if ('response' in route) this.respond(route);
      else this.invoke(route, authorizer);
    }
    const paths = [...new Set(routes.map(({ path }) => path))];
    const at = (path: string) => routes.filter((route) => route.path === path);
    for (const path of paths) this.refuseOtherMethods(path, at(path));
    this.refuseUnknownRoutes();
    // A deployment is a copy of the methods. The template does not change with the ARN of a
    // function, which is the value of a parameter, but a replaced function has another logical id.
    this.api.latestDeployment!.addToLogicalId({ functionIds });
    this.throttle(routes);
    const stage = this.api.deploymentStage;
    acknowledge(stage, 'APIG6', 'The access log has a line for each request; the execution log goes to a group without a retention.');
    if (!settings.waf) acknowledge(stage, 'APIG3', 'AWS WAF is billed by the month: the setting waf decides.');
    if (settings.waf) {
      new Firewall(this, 'Firewall', {
        stageArn: this.api.deploymentStage.stageArn,
        stage: settings.stage,
        signedPaths: paths.filter((path) => at(path).every((route) => 'access' in route && route.access === 'signer')),
      });
    }
  }

  get serverErrors(): IMetric {
    return this.api.metricServerError({ statistic: 'Sum' });
  }

  private authorizer(): CognitoUserPoolsAuthorizer {
    const pool = UserPool.fromUserPoolId(this, 'Users', this.stack.valueOf('foundation', 'user-pool-id'));
    return new CognitoUserPoolsAuthorizer(this, 'SignedIn', { cognitoUserPools: [pool] });
  }

  private invoke(route: FunctionRoute, authorizer?: CognitoUserPoolsAuthorizer): void {
    const integration = new LambdaIntegration(importedFunction(this, route.service, route.function), {
      // One permission for a function, not for a method: there are many methods.
      scopePermissionToMethod: false,
    });
    const method = this.api.root.resourceForPath(route.path).addMethod(route.verb, integration, {
      ...(route.access === 'user' ? { authorizer } : {}),
      ...(route.access === 'program' ? { apiKeyRequired: this.stack.settings.partnerKey } : {}),
      ...this.bodyCheck(route),
    });
    if (route.access !== 'user') acknowledgeOpen(method, OPEN[route.access]);
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
    const { integration, options } = fixedResponse(response, this.allowedOrigins);
    const created = this.api.root.resourceForPath(path).addMethod(method, integration, options);
    acknowledgeOpen(created, 'The gateway sends the same response to everyone, without a function.');
  }

  /** Sets the limits of each route. Responses that the gateway generates have those of a change. */
  private throttle(routes: readonly Route[]): void {
    const stage = this.api.deploymentStage.node.defaultChild as CfnStage;
    stage.methodSettings = [
      methodSetting('/*', '*', 'change', this.stack.settings),
      ...routes.filter((route) => 'function' in route)
        .map(({ path, verb, rateLimit }) => methodSetting(path, verb, rateLimit, this.stack.settings)),
    ];
  }
}

/** Why routes need no user. */
const OPEN: Readonly<Record<Exclude<Access, 'user'>, string>> = {
  anyone: 'Everyone may call it.',
  program: 'Everyone may read the catalogue; a stage may require an API key.',
  signer: 'The function verifies the signature of the request.',
};

/** Accepts a method without an authorizer. */
function acknowledgeOpen(method: Method, reason: string): void {
  acknowledge(method, 'APIG4', reason);
  acknowledge(method, 'COG4', reason);
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
