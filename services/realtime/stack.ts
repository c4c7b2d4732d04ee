import { CfnOutput } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { EventSubscription } from '../../infra/constructs/event-subscription.ts';
import { TopicSubscription } from '../../infra/constructs/order-topic.ts';
import { RustFunction } from '../../infra/constructs/rust-function.ts';
import { ServiceStack, type StackContext } from '../../infra/constructs/service-stack.ts';
import { ShopTable } from '../../infra/constructs/table.ts';
import { SocketApi } from '../../infra/constructs/websocket-api.ts';

/** Pushes order progress and chat messages to customers and staff over a WebSocket. */
export class RealtimeStack extends ServiceStack {
  constructor(scope: Construct, context: StackContext) {
    super(scope, 'realtime', context);

    const connections = new ShopTable(this, 'Connections', {
      name: 'connection', partitionKey: 'item', sortKey: 'sort', timeToLive: 'expiresAt',
    });
    const chats = new ShopTable(this, 'Chats', {
      name: 'chat', partitionKey: 'customerId', sortKey: 'seq', timeToLive: 'expiresAt',
    });
    const api = new SocketApi(this, 'Api');

    const authorizer = new RustFunction(this, 'Authorizer', {
      name: 'realtime-authorizer',
      // Fetch the keys of the user pool, if they are not cached.
      callsInSequence: 1,
      environment: {
        TOKEN_ISSUER: `https://cognito-idp.${this.region}.amazonaws.com/${this.valueOf('foundation', 'user-pool-id')}`,
        TOKEN_CLIENTS: this.valueOf('foundation', 'user-pool-client-id'),
      },
    });

    const comings = new RustFunction(this, 'Comings', {
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
      name: 'realtime-messages',
      // A message: count it, in two attempts; number it, store it, find the listeners and send it
      // to them.
      callsInSequence: 6,
      environment: {
        CONNECTION_TABLE: connections.tableName,
        CHAT_TABLE: chats.tableName,
        CALLBACK_URL: api.callbackUrl,
      },
    });
    messages.allow(connections.tableArn, 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:UpdateItem');
    messages.allow(
      chats.tableArn, 'dynamodb:ConditionCheckItem', 'dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:UpdateItem',
    );
    api.allow(messages, 'POST', 'DELETE');
    api.route({ authorizer, connections: comings, messages });

    const updates = new RustFunction(this, 'Updates', {
      name: 'realtime-on-order',
      // Store the status, find the order's followers, send it to them; find a closed connection's
      // rows and delete them.
      callsInSequence: 5,
      environment: { CONNECTION_TABLE: connections.tableName, CALLBACK_URL: api.callbackUrl },
    });
    updates.allow(
      connections.tableArn,
      'dynamodb:GetItem', 'dynamodb:ConditionCheckItem', 'dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:BatchWriteItem',
    );
    api.allow(updates, 'POST');
    new TopicSubscription(this, 'Events', { consumer: updates });

    const customers = new RustFunction(this, 'Customers', {
      name: 'realtime-on-privacy',
      // The tombstones; then page by page, as far as time allows: read some rows, delete 25 or
      // export some.
      callsInSequence: 5,
      environment: { CONNECTION_TABLE: connections.tableName, CHAT_TABLE: chats.tableName },
    });
    customers.allow(
      connections.tableArn, 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:BatchWriteItem',
    );
    customers.allow(chats.tableArn, 'dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:BatchWriteItem');
    customers.allowEvents();
    new EventSubscription(this, 'CustomerRequests', {
      sources: ['shop.privacy'],
      // Orders in progress are charged and shipped first.
      detailTypes: ['CustomerExportRequested', 'CustomerErasureDue'],
      consumer: customers,
    });

    new CfnOutput(this, 'WebSocketUrl', { value: api.url });
    new CfnOutput(this, 'WebSocketApiId', { value: api.id });
  }
}
