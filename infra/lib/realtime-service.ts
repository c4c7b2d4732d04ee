import { Stack, Tags } from 'aws-cdk-lib';
import type { UserPool } from 'aws-cdk-lib/aws-cognito';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct, type IDependable } from 'constructs';
import { EventQueue } from './event-queue.ts';
import { TopicSubscription } from './order-topic.ts';
import { RustFunction } from './rust-function.ts';
import type { Settings } from './settings.ts';
import { ShopTable } from './table.ts';
import { SocketApi } from './websocket-api.ts';

export interface RealtimeServiceProps {
  readonly settings: Settings;
  readonly bus: IEventBus;
  /** The topic that order events are published to. */
  readonly topic: ITopic;
  readonly users: UserPool;
  /** Id of the app client whose tokens are accepted. */
  readonly tokenClient: string;
  /** Lets API Gateway write logs in this account. */
  readonly logging: IDependable;
}

/** Pushes order progress and chat messages to customers and staff over a WebSocket. */
export class RealtimeService extends Construct {
  readonly api: SocketApi;

  constructor(scope: Construct, id: string, { settings, bus, topic, users, tokenClient, logging }: RealtimeServiceProps) {
    super(scope, id);
    Tags.of(this).add('service', 'realtime');

    const connections = new ShopTable(this, 'Connections', {
      settings, name: 'connection', partitionKey: 'item', sortKey: 'sort', timeToLive: 'expiresAt',
    });
    const chats = new ShopTable(this, 'Chats', {
      settings, name: 'chat', partitionKey: 'customerId', sortKey: 'seq', timeToLive: 'expiresAt',
    });
    this.api = new SocketApi(this, 'Api', { settings, logging });

    const authorizer = new RustFunction(this, 'Authorizer', {
      settings,
      service: 'realtime',
      name: 'realtime-authorizer',
      // Fetch the keys of the user pool, if they are not cached.
      callsInSequence: 1,
      environment: {
        TOKEN_ISSUER: `https://cognito-idp.${Stack.of(this).region}.amazonaws.com/${users.userPoolId}`,
        TOKEN_CLIENTS: tokenClient,
      },
    });

    const comings = new RustFunction(this, 'Comings', {
      settings,
      service: 'realtime',
      name: 'realtime-connections',
      // A disconnect: read the connection's rows, delete them all. Or a misrouted frame is counted,
      // in two attempts.
      callsInSequence: 2,
      environment: { CONNECTION_TABLE: connections.tableName },
    });
    comings.allow(
      connections.tableArn,
      'dynamodb:GetItem', 'dynamodb:ConditionCheckItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:BatchWriteItem',
    );

    const messages = new RustFunction(this, 'Messages', {
      settings,
      service: 'realtime',
      name: 'realtime-messages',
      // A message: count it, in two attempts; number it, store it, find the listeners and send it
      // to them.
      callsInSequence: 6,
      environment: {
        CONNECTION_TABLE: connections.tableName,
        CHAT_TABLE: chats.tableName,
        CALLBACK_URL: this.api.callbackUrl,
      },
    });
    messages.allow(connections.tableArn, 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:UpdateItem');
    messages.allow(
      chats.tableArn, 'dynamodb:ConditionCheckItem', 'dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:UpdateItem',
    );
    this.api.allow(messages, 'POST', 'DELETE');
    this.api.route({ authorizer, connections: comings, messages });

    const updates = new RustFunction(this, 'Updates', {
      settings,
      service: 'realtime',
      name: 'realtime-on-order',
      // Store the status, find the order's followers, send it to them; find a closed connection's
      // rows and delete them.
      callsInSequence: 5,
      environment: { CONNECTION_TABLE: connections.tableName, CALLBACK_URL: this.api.callbackUrl },
    });
    updates.allow(
      connections.tableArn,
      'dynamodb:GetItem', 'dynamodb:ConditionCheckItem', 'dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:BatchWriteItem',
    );
    this.api.allow(updates, 'POST');
    new TopicSubscription(this, 'Events', { topic, consumer: updates });

    const customers = new RustFunction(this, 'Customers', {
      settings,
      service: 'realtime',
      name: 'realtime-on-privacy',
      // The tombstones; then page by page, as far as time allows: read some rows, delete 25 or
      // export some.
      callsInSequence: 5,
      environment: {
        CONNECTION_TABLE: connections.tableName,
        CHAT_TABLE: chats.tableName,
        EVENT_BUS: bus.eventBusName,
      },
    });
    customers.allow(
      connections.tableArn, 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:BatchWriteItem',
    );
    customers.allow(chats.tableArn, 'dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:BatchWriteItem');
    customers.allowEvents(bus);
    new EventQueue(this, 'CustomerRequests', {
      settings,
      bus,
      sources: ['shop.privacy'],
      // An erasure waits until it is due, so that earlier checkouts are still charged and shipped, and
      // their customer gets the mails.
      detailTypes: ['CustomerExportRequested', 'CustomerErasureDue'],
      consumer: customers,
    });
  }
}
