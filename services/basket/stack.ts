import { StreamViewType } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { EventSubscription } from '../../infra/constructs/event-subscription.ts';
import { ApiFunction } from '../../infra/constructs/http-function.ts';
import { RustFunction } from '../../infra/constructs/rust-function.ts';
import { ServiceStack, type StackContext } from '../../infra/constructs/service-stack.ts';
import { StreamPublisher } from '../../infra/constructs/stream-publisher.ts';
import { ShopTable } from '../../infra/constructs/table.ts';

/** Baskets and checkout: today's prices are replicated in, checked-out baskets are published. */
export class BasketStack extends ServiceStack {
  constructor(scope: Construct, context: StackContext) {
    super(scope, 'basket', context);

    const baskets = new ShopTable(this, 'Baskets', {
      name: 'basket',
      partitionKey: 'customerId',
      timeToLive: 'expiresAt',
      indexes: [{ name: 'by-user-name', partitionKey: 'userName', keysOnly: true }],
    });
    const prices = new ShopTable(this, 'Prices', { name: 'price', partitionKey: 'productId' });
    const checkouts = new ShopTable(this, 'Checkouts', {
      name: 'checkout', partitionKey: 'orderId', timeToLive: 'expiresAt', stream: StreamViewType.NEW_IMAGE,
    });
    const idempotency = new ShopTable(this, 'Idempotency', {
      name: 'idempotency', partitionKey: 'id', timeToLive: 'expiresAt',
    });

    const handler = new ApiFunction(this, 'Api', {
      name: 'basket-api',
      // Adding an item: read its price, read the basket, write the basket, read all prices.
      callsInSequence: 4,
      environment: {
        BASKET_TABLE: baskets.tableName,
        PRICE_TABLE: prices.tableName,
        CHECKOUT_TABLE: checkouts.tableName,
        IDEMPOTENCY_TABLE: idempotency.tableName,
        CURRENCY: this.settings.currency,
      },
    });
    handler.allow(baskets.tableArn, 'dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:PutItem');
    handler.allow(baskets.indexArn('by-user-name'), 'dynamodb:Query', 'dynamodb:Scan');
    handler.allow(prices.tableArn, 'dynamodb:BatchGetItem');
    handler.allow(checkouts.tableArn, 'dynamodb:PutItem');
    handler.allow(idempotency.tableArn, 'dynamodb:GetItem', 'dynamodb:PutItem');

    const priceUpdates = new RustFunction(this, 'PriceUpdates', {
      name: 'basket-on-product',
      callsInSequence: 1,
      environment: { PRICE_TABLE: prices.tableName },
    });
    priceUpdates.allow(prices.tableArn, 'dynamodb:PutItem');
    new EventSubscription(this, 'ProductEvents', {
      sources: ['shop.product'],
      detailTypes: ['ProductCreated', 'ProductUpdated', 'ProductDeleted'],
      consumer: priceUpdates,
    });

    const customers = new RustFunction(this, 'Customers', {
      name: 'basket-on-privacy',
      // An erasure: read the basket, empty it, PutEvents, and PutEvents again if it was refused.
      callsInSequence: 4,
      environment: { BASKET_TABLE: baskets.tableName },
    });
    customers.allow(baskets.tableArn, 'dynamodb:GetItem', 'dynamodb:PutItem');
    customers.allowEvents();
    new EventSubscription(this, 'CustomerRequests', {
      sources: ['shop.privacy'],
      detailTypes: ['CustomerExportRequested', 'CustomerErasureRequested'],
      consumer: customers,
    });

    new StreamPublisher(this, 'CheckoutEvents', {
      name: 'basket-publisher',
      table: checkouts,
      // An outbox record is published once; its expiry is no event.
      changes: ['INSERT'],
    });
  }
}
