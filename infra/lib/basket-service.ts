import { Tags } from 'aws-cdk-lib';
import { StreamViewType } from 'aws-cdk-lib/aws-dynamodb';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { Construct } from 'constructs';
import { ApiFunction } from './api-function.ts';
import { EventQueue } from './event-queue.ts';
import { failureQueue } from './failure-queue.ts';
import { RustFunction } from './rust-function.ts';
import type { Settings } from './settings.ts';
import { StreamPublisher } from './stream-publisher.ts';
import { ShopTable } from './table.ts';

export interface BasketServiceProps {
  readonly settings: Settings;
  readonly bus: IEventBus;
  /** Id of the app client whose tokens are accepted. */
  readonly tokenClient: string;
}

/** Baskets and checkout: today's prices are replicated in, checked-out baskets are published. */
export class BasketService extends Construct {
  constructor(scope: Construct, id: string, { settings, bus, tokenClient }: BasketServiceProps) {
    super(scope, id);
    Tags.of(this).add('service', 'basket');

    const baskets = new ShopTable(this, 'Baskets', {
      settings,
      name: 'basket',
      partitionKey: 'customerId',
      timeToLive: 'expiresAt',
      indexes: [{ name: 'by-user-name', partitionKey: 'userName', keysOnly: true }],
    });
    const prices = new ShopTable(this, 'Prices', { settings, name: 'price', partitionKey: 'productId' });
    const checkouts = new ShopTable(this, 'Checkouts', {
      settings, name: 'checkout', partitionKey: 'orderId', timeToLive: 'expiresAt', stream: StreamViewType.NEW_IMAGE,
    });
    const idempotency = new ShopTable(this, 'Idempotency', {
      settings, name: 'idempotency', partitionKey: 'id', timeToLive: 'expiresAt',
    });

    const handler = new ApiFunction(this, 'Api', {
      settings,
      tokenClient,
      service: 'basket',
      name: 'basket-api',
      // Adding an item: read its price, read the basket, write the basket, read all prices.
      callsInSequence: 4,
      environment: {
        BASKET_TABLE: baskets.tableName,
        PRICE_TABLE: prices.tableName,
        CHECKOUT_TABLE: checkouts.tableName,
        IDEMPOTENCY_TABLE: idempotency.tableName,
        CURRENCY: settings.currency,
      },
    });
    handler.allow(baskets.tableArn, 'dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:PutItem');
    handler.allow(baskets.indexArn('by-user-name'), 'dynamodb:Query', 'dynamodb:Scan');
    handler.allow(prices.tableArn, 'dynamodb:BatchGetItem');
    handler.allow(checkouts.tableArn, 'dynamodb:PutItem');
    handler.allow(idempotency.tableArn, 'dynamodb:GetItem', 'dynamodb:PutItem');

    const priceUpdates = new RustFunction(this, 'PriceUpdates', {
      settings,
      service: 'basket',
      name: 'basket-on-product',
      callsInSequence: 1,
      environment: { PRICE_TABLE: prices.tableName },
    });
    priceUpdates.allow(prices.tableArn, 'dynamodb:PutItem');
    new EventQueue(this, 'ProductEvents', {
      settings,
      bus,
      sources: ['shop.product'],
      detailTypes: ['ProductCreated', 'ProductUpdated', 'ProductDeleted'],
      consumer: priceUpdates,
    });

    const customers = new RustFunction(this, 'Customers', {
      settings,
      service: 'basket',
      name: 'basket-on-privacy',
      // An erasure: read the basket, empty it, PutEvents, and PutEvents again if it was refused.
      callsInSequence: 4,
      environment: { BASKET_TABLE: baskets.tableName, EVENT_BUS: bus.eventBusName },
    });
    customers.allow(baskets.tableArn, 'dynamodb:GetItem', 'dynamodb:PutItem');
    customers.allowEvents(bus);
    new EventQueue(this, 'CustomerRequests', {
      settings,
      bus,
      sources: ['shop.privacy'],
      detailTypes: ['CustomerExportRequested', 'CustomerErasureRequested'],
      consumer: customers,
    });

    new StreamPublisher(this, 'CheckoutEvents', {
      settings,
      service: 'basket',
      name: 'basket-publisher',
      table: checkouts,
      bus,
      quarantine: failureQueue(this, 'basket'),
      // An outbox record is published once; its expiry is no event.
      changes: ['INSERT'],
    });
  }
}
