import { Tags } from 'aws-cdk-lib';
import { StreamViewType } from 'aws-cdk-lib/aws-dynamodb';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { ApiFunction } from './api-function.ts';
import { EventQueue } from './event-queue.ts';
import { failureQueue } from './failure-queue.ts';
import { OrderTopic } from './order-topic.ts';
import { RustFunction } from './rust-function.ts';
import type { Settings } from './settings.ts';
import { StreamPublisher } from './stream-publisher.ts';
import { ShopTable } from './table.ts';

export interface OrderingServiceProps {
  readonly settings: Settings;
  readonly bus: IEventBus;
  /** Id of the app client whose tokens are accepted. */
  readonly tokenClient: string;
}

/**
 * Orders: created from checked-out baskets, read and cancelled through the API.
 *
 * `Fulfilment` is a part of its own, which a shop can do without.
 */
export class OrderingService extends Construct {
  readonly orders: ShopTable<'order'>;
  /** The topic that order events are published to. */
  readonly topic: ITopic;

  constructor(scope: Construct, id: string, { settings, bus, tokenClient }: OrderingServiceProps) {
    super(scope, id);
    Tags.of(this).add('service', 'ordering');

    const orders = new ShopTable(this, 'Orders', {
      settings,
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
    this.orders = orders;

    const handler = new ApiFunction(this, 'Api', {
      settings,
      tokenClient,
      service: 'ordering',
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
      settings,
      service: 'ordering',
      name: 'ordering-on-checkout',
      // Put the order; put it again without its customer, if they were erased.
      callsInSequence: 2,
      environment: { ORDER_TABLE: orders.tableName },
    });
    consumer.allow(orders.tableArn, 'dynamodb:ConditionCheckItem', 'dynamodb:PutItem');
    new EventQueue(this, 'Checkouts', {
      settings,
      bus,
      sources: ['shop.basket'],
      detailTypes: ['BasketCheckedOut'],
      consumer,
    });

    new StreamPublisher(this, 'Events', {
      settings,
      service: 'ordering',
      name: 'ordering-publisher',
      table: orders,
      bus,
      quarantine: failureQueue(this, 'ordering'),
      // A row deleted by its time to live is no event.
      changes: ['INSERT', 'MODIFY'],
    });

    this.topic = new OrderTopic(this, 'Topic', { settings, bus }).topic;

    const customers = new RustFunction(this, 'Customers', {
      settings,
      service: 'ordering',
      name: 'ordering-on-privacy',
      // Page by page, as far as time allows: read some orders, anonymise ten or export some.
      callsInSequence: 5,
      environment: { ORDER_TABLE: orders.tableName, EVENT_BUS: bus.eventBusName },
    });
    customers.allow(orders.tableArn, 'dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:DeleteItem');
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
