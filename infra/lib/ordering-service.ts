import { Tags } from 'aws-cdk-lib';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { Construct } from 'constructs';
import { EventQueue } from './event-queue.ts';
import { apiFunction, type HttpApi } from './http-api.ts';
import { RustFunction } from './rust-function.ts';
import type { Settings } from './settings.ts';
import { ShopTable } from './table.ts';

export interface OrderingServiceProps {
  readonly settings: Settings;
  readonly bus: IEventBus;
  readonly api: HttpApi;
}

/** Orders: made from checked-out baskets, read through the API. */
export class OrderingService extends Construct {
  constructor(scope: Construct, id: string, { settings, bus, api }: OrderingServiceProps) {
    super(scope, id);
    Tags.of(this).add('service', 'ordering');

    const orders = new ShopTable(this, 'Orders', {
      settings,
      name: 'order',
      partitionKey: 'userName',
      sortKey: 'orderId',
      timeToLive: 'expiresAt',
      index: { name: 'by-status', partitionKey: 'status', sortKey: 'orderId' },
    });

    const handler = apiFunction(this, 'Api', {
      api,
      settings,
      service: 'ordering',
      binary: 'ordering-api',
      callsInSequence: 1,
      environment: { ORDER_TABLE: orders.tableName },
    });
    handler.allow(orders.tableArn, 'dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:Scan');
    handler.allow(orders.indexArn, 'dynamodb:Query');
    api.route('/order', handler, ['GET']);
    api.route('/order/{userName}', handler, ['GET']);
    api.route('/order/{userName}/{orderId}', handler, ['GET']);

    const consumer = new RustFunction(this, 'Consumer', {
      settings,
      service: 'ordering',
      binary: 'ordering-consumer',
      callsInSequence: 1,
      environment: { ORDER_TABLE: orders.tableName },
    });
    consumer.allow(orders.tableArn, 'dynamodb:PutItem');
    new EventQueue(this, 'Checkouts', {
      settings,
      bus,
      sources: ['shop.basket'],
      detailTypes: ['BasketCheckedOut'],
      consumer,
    });

    const customers = new RustFunction(this, 'Customers', {
      settings,
      service: 'ordering',
      binary: 'ordering-customers',
      // Page by page, as far as time allows: some orders, and ten of them moved or some handed over.
      callsInSequence: 5,
      environment: { ORDER_TABLE: orders.tableName, EVENT_BUS: bus.eventBusName },
    });
    customers.allow(orders.tableArn, 'dynamodb:Query', 'dynamodb:PutItem');
    customers.allow(bus.eventBusArn, 'events:PutEvents');
    new EventQueue(this, 'Exports', {
      settings,
      bus,
      sources: ['shop.customer'],
      detailTypes: ['CustomerExportRequested'],
      consumer: customers,
    });
    // Checkouts made before the erasure are to become orders before it, so that they are found.
    new EventQueue(this, 'Erasures', {
      settings,
      bus,
      sources: ['shop.customer'],
      detailTypes: ['CustomerErasureRequested'],
      consumer: customers,
      suffix: '-erasure',
      delaySeconds: settings.erasureDelaySeconds,
    });
  }
}
