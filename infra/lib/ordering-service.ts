import { Tags } from 'aws-cdk-lib';
import { StreamViewType } from 'aws-cdk-lib/aws-dynamodb';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { privacyQueues } from './privacy-queues.ts';
import { EventQueue } from './event-queue.ts';
import { Fulfilment } from './fulfilment.ts';
import { apiFunction, type PublicApi } from './public-api.ts';
import { OrderTopic } from './order-topic.ts';
import { RustFunction } from './rust-function.ts';
import type { Settings } from './settings.ts';
import { StreamPublisher } from './stream-publisher.ts';
import { ShopTable } from './table.ts';
import type { WorkQueue } from './work-queue.ts';

export interface OrderingServiceProps {
  readonly settings: Settings;
  readonly bus: IEventBus;
  readonly api: PublicApi;
  /** The inventory functions that the workflow invokes. */
  readonly inventorySteps: RustFunction;
  /** The command queue of payment. */
  readonly paymentCommands: WorkQueue;
  /** The command queue of shipping. */
  readonly shippingCommands: WorkQueue;
}

/**
 * Orders: created from checked-out baskets, fulfilled by a workflow, read and cancelled through the
 * API.
 */
export class OrderingService extends Construct {
  /** The topic that order events are published to. */
  readonly topic: ITopic;

  constructor(scope: Construct, id: string, props: OrderingServiceProps) {
    super(scope, id);
    const { settings, bus, api, inventorySteps, paymentCommands, shippingCommands } = props;
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
    const fulfilments = new ShopTable(this, 'Fulfilments', {
      settings, name: 'fulfilment', partitionKey: 'orderId', timeToLive: 'expiresAt',
    });

    const handler = apiFunction(this, 'Api', {
      api,
      settings,
      service: 'ordering',
      name: 'ordering-api',
      // A list of one customer or of all: query the keys, then read the orders.
      callsInSequence: 2,
      environment: { ORDER_TABLE: orders.tableName },
    });
    handler.allow(
      orders.tableArn, 'dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:UpdateItem', 'dynamodb:Query',
    );
    handler.allow(orders.indexArn('by-status'), 'dynamodb:Query');
    handler.allow(orders.indexArn('by-user-name'), 'dynamodb:Query', 'dynamodb:Scan');
    api.route('/order', handler, ['GET']);
    api.route('/order/{userName}', handler, ['GET']);
    api.route('/order/{userName}/{orderId}', handler, ['GET']);
    api.route('/order/{userName}/{orderId}/cancel', handler, ['POST']);

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
      // A row deleted by its time to live is no event.
      changes: ['INSERT', 'MODIFY'],
    });

    const steps = new RustFunction(this, 'Steps', {
      settings,
      service: 'ordering',
      name: 'ordering-steps',
      // Find the customer, update the order where it is or where an erasure moved it, store the
      // wait, send the command.
      callsInSequence: 5,
      environment: {
        ORDER_TABLE: orders.tableName,
        FULFILMENT_TABLE: fulfilments.tableName,
        PAYMENT_QUEUE_URL: paymentCommands.queue.queueUrl,
        SHIPPING_QUEUE_URL: shippingCommands.queue.queueUrl,
      },
    });
    steps.allow(orders.tableArn, 'dynamodb:GetItem', 'dynamodb:UpdateItem');
    steps.allow(fulfilments.tableArn, 'dynamodb:GetItem', 'dynamodb:UpdateItem');
    steps.allow(paymentCommands.queue.queueArn, 'sqs:SendMessage');
    steps.allow(shippingCommands.queue.queueArn, 'sqs:SendMessage');
    const fulfilment = new Fulfilment(this, 'Fulfilment', { settings, inventorySteps, orderingSteps: steps });
    fulfilment.allowAnswers(steps);

    const facts = new RustFunction(this, 'Facts', {
      settings,
      service: 'ordering',
      name: 'ordering-on-event',
      // A delivered parcel: find the customer, then mark the order shipped and delivered, each
      // where the order is or where an erasure moved it. Then complete the task that still waits
      // for the shipment.
      callsInSequence: 9,
      environment: {
        ORDER_TABLE: orders.tableName,
        FULFILMENT_TABLE: fulfilments.tableName,
        FULFILMENT_WORKFLOW_ARN: fulfilment.workflowArn,
        SHIPPING_QUEUE_URL: shippingCommands.queue.queueUrl,
      },
    });
    facts.allow(orders.tableArn, 'dynamodb:GetItem', 'dynamodb:UpdateItem');
    facts.allow(fulfilments.tableArn, 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem');
    facts.allow(shippingCommands.queue.queueArn, 'sqs:SendMessage');
    facts.allow(fulfilment.workflowArn, 'states:StartExecution');
    fulfilment.allowAnswers(facts);
    new EventQueue(this, 'FulfilmentFacts', {
      settings,
      bus,
      sources: ['shop.ordering', 'shop.payment', 'shop.shipping'],
      detailTypes: [
        'OrderPlaced', 'OrderCancellationRequested',
        'PaymentSettled', 'PaymentDeclined', 'PaymentRefunded',
        'ShipmentRefused', 'ShipmentCancelled', 'ShipmentDispatched', 'ShipmentDelivered',
      ],
      consumer: facts,
    });

    this.topic = new OrderTopic(this, 'Topic', { settings, bus }).topic;

    const customers = new RustFunction(this, 'Customers', {
      settings,
      service: 'ordering',
      name: 'ordering-on-privacy',
      // Page by page, as far as time allows: read some orders, anonymise ten or export some.
      callsInSequence: 5,
      environment: { ORDER_TABLE: orders.tableName, FULFILMENT_TABLE: fulfilments.tableName, EVENT_BUS: bus.eventBusName },
    });
    customers.allow(orders.tableArn, 'dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:DeleteItem');
    customers.allow(fulfilments.tableArn, 'dynamodb:UpdateItem');
    customers.allowFacts(bus);
    privacyQueues(this, { settings, bus, consumer: customers });
  }
}
