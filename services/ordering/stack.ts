import { StreamViewType } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { EventSubscription } from '../../infra/constructs/event-subscription.ts';
import { ApiFunction } from '../../infra/constructs/http-function.ts';
import { OrderTopic } from '../../infra/constructs/order-topic.ts';
import { RustFunction } from '../../infra/constructs/rust-function.ts';
import { ServiceStack, type StackContext } from '../../infra/constructs/service-stack.ts';
import { StreamPublisher } from '../../infra/constructs/stream-publisher.ts';
import { ShopTable } from '../../infra/constructs/table.ts';

/**
 * Orders: created from checked-out baskets, read and cancelled through the API.
 *
 * Their fulfilment is a stack of its own, which a shop can do without.
 */
export class OrderingStack extends ServiceStack {
  constructor(scope: Construct, context: StackContext) {
    super(scope, 'ordering', context);

    const orders = new ShopTable(this, 'Orders', {
      name: 'order',
      partitionKey: 'customerId',
      sortKey: 'orderId',
      timeToLive: 'expiresAt',
      indexes: [
        { name: 'by-status', partitionKey: 'status', sortKey: 'orderId' },
        { name: 'by-user-name', partitionKey: 'userName', sortKey: 'orderId', keysOnly: true },
      ],
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
    });
    this.provide('order-table-name', orders.tableName);

    const handler = new ApiFunction(this, 'Api', {
      name: 'ordering-api',
      // A list of one customer or of all: query the keys, then read the orders. A cancellation: try
      // to cancel at once, then request it.
      callsInSequence: 2,
      environment: { ORDER_TABLE: orders.tableName },
    });
    handler.allow(
      orders.tableArn, 'dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:UpdateItem', 'dynamodb:Query',
    );
    handler.allow(orders.indexArn('by-status'), 'dynamodb:Query');
    handler.allow(orders.indexArn('by-user-name'), 'dynamodb:Query', 'dynamodb:Scan');

    const consumer = new RustFunction(this, 'Consumer', {
      name: 'ordering-on-checkout',
      // Put the order; put it again without its customer, if they were erased.
      callsInSequence: 2,
      environment: { ORDER_TABLE: orders.tableName },
    });
    consumer.allow(orders.tableArn, 'dynamodb:ConditionCheckItem', 'dynamodb:PutItem');
    new EventSubscription(this, 'Checkouts', {
      sources: ['shop.basket'],
      detailTypes: ['BasketCheckedOut'],
      consumer,
      // The story of the whole shop: bursts of checkouts are buffered, and handled in batches.
      delivery: 'queued',
    });

    new StreamPublisher(this, 'Events', {
      name: 'ordering-publisher',
      table: orders,
      // A row deleted by its time to live is no event.
      changes: ['INSERT', 'MODIFY'],
    });

    new OrderTopic(this, 'Topic');

    const customers = new RustFunction(this, 'Customers', {
      name: 'ordering-on-privacy',
      // Page by page, as far as time allows: read some orders, anonymise ten or export some.
      callsInSequence: 5,
      environment: { ORDER_TABLE: orders.tableName },
    });
    customers.allow(orders.tableArn, 'dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:DeleteItem');
    customers.allowEvents();
    new EventSubscription(this, 'CustomerRequests', {
      sources: ['shop.privacy'],
      // Orders in progress are charged and shipped first.
      detailTypes: ['CustomerExportRequested', 'CustomerErasureDue'],
      consumer: customers,
    });
  }
}
