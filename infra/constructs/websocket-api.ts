import { ArnFormat, Stack } from 'aws-cdk-lib';
import { AccessLogField, AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import { LogGroupLogDestination, WebSocketApi, WebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketLambdaAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { logGroup } from './logs.ts';
import type { RustFunction } from './rust-function.ts';
import { ServiceStack } from './service-stack.ts';
import { limitsOf } from './throttling.ts';

export interface SocketRoutes {
  /** Verifies the token that a client connects with. */
  readonly authorizer: RustFunction;
  /** Receives connects and disconnects. */
  readonly connections: RustFunction;
  /** Receives every frame from clients: there are no routes by action. */
  readonly messages: RustFunction;
}

/** A WebSocket API, which can push messages to connected clients. */
export class SocketApi extends Construct {
  readonly id: string;
  /** The URL that clients connect to. */
  readonly url: string;
  /** The URL through which functions reach connected clients. */
  readonly callbackUrl: string;
  private readonly api: WebSocketApi;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const { settings } = ServiceStack.of(this);
    this.api = new WebSocketApi(this, 'Sockets', {
      apiName: Stack.of(this).stackName,
      // A constant, so that no frame selects a route: clients must not invoke `$connect` and
      // `$disconnect`.
      // https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-develop-routes.html
      routeSelectionExpression: '\\$default',
    });
    const { perSecond, burst } = limitsOf('change', settings);
    const stage = new WebSocketStage(this, 'Stage', {
      webSocketApi: this.api,
      stageName: settings.stage,
      autoDeploy: true,
      // Counted over all clients together; the function stops a single flooding client earlier.
      throttle: { rateLimit: perSecond, burstLimit: burst },
      accessLogSettings: {
        destination: new LogGroupLogDestination(logGroup(this, 'AccessLogs')),
        format: ACCESS_LOG,
      },
    });
    this.id = this.api.apiId;
    this.url = stage.url;
    this.callbackUrl = stage.callbackUrl;
  }

  /** Connects each route to its function. */
  route({ authorizer, connections, messages }: SocketRoutes): void {
    this.api.addRoute('$connect', {
      integration: new WebSocketLambdaIntegration('Connect', connections),
      // Browsers cannot send headers with a handshake. Connections without a token are refused
      // without invoking a function.
      authorizer: new WebSocketLambdaAuthorizer('SignedIn', authorizer, {
        identitySource: ['route.request.querystring.token'],
      }),
    });
    const connected = [
      this.api.addRoute('$disconnect', { integration: new WebSocketLambdaIntegration('Disconnect', connections) }),
      this.api.addRoute('$default', { integration: new WebSocketLambdaIntegration('Said', messages), returnResponse: true }),
    ];
    for (const route of connected) acknowledge(route, 'APIG4', 'API Gateway authorizes a connection once, at $connect.');
  }

  /** Lets a function send frames to clients (`POST`), or end their connections (`DELETE`). */
  allow(handler: RustFunction, ...methods: ('POST' | 'DELETE')[]): void {
    for (const method of methods) {
      const connections = Stack.of(this).formatArn({
        service: 'execute-api',
        resource: this.id,
        resourceName: `${ServiceStack.of(this).settings.stage}/${method}/@connections/*`,
        arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
      });
      handler.allow(connections, 'execute-api:ManageConnections');
      acknowledge(handler.role, `IAM5[Resource::${connections}]`, 'API Gateway makes up the id of a connection when a client connects.');
    }
  }
}

/** One JSON line per event, without the client's identity. The query would reveal tokens. */
const ACCESS_LOG = AccessLogFormat.custom(JSON.stringify({
  requestId: AccessLogField.contextRequestId(),
  time: AccessLogField.contextRequestTimeEpoch(),
  event: '$context.eventType',
  route: '$context.routeKey',
  connectionId: '$context.connectionId',
  status: AccessLogField.contextStatus(),
  error: AccessLogField.contextErrorResponseType(),
  integrationLatencyMs: AccessLogField.contextIntegrationLatency(),
}));
