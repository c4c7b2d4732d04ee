import { Tags } from 'aws-cdk-lib';
import { StreamViewType } from 'aws-cdk-lib/aws-dynamodb';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { Construct } from 'constructs';
import { apiFunction, type PublicApi } from './public-api.ts';
import { RustFunction } from './rust-function.ts';
import type { Settings } from './settings.ts';
import { StreamPublisher } from './stream-publisher.ts';
import { ShopTable } from './table.ts';

export interface InventoryServiceProps {
  readonly settings: Settings;
  readonly bus: IEventBus;
  readonly api: PublicApi;
}

/** The warehouse: its table, its API for staff, the steps that fulfilment calls, and the publisher of its changes. */
export class InventoryService extends Construct {
  /** Sets units aside, puts them back, lets them go: for the workflow that fulfils orders. */
  readonly steps: RustFunction;

  constructor(scope: Construct, id: string, { settings, bus, api }: InventoryServiceProps) {
    super(scope, id);
    Tags.of(this).add('service', 'inventory');

    const stock = new ShopTable(this, 'Stock', {
      settings,
      name: 'stock',
      partitionKey: 'item',
      timeToLive: 'expiresAt',
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
    });

    const handler = apiFunction(this, 'Api', {
      api,
      settings,
      service: 'inventory',
      name: 'inventory-api',
      // A receipt that comes again: the transaction, the receipt that is there, the stock.
      callsInSequence: 3,
      environment: { STOCK_TABLE: stock.tableName },
    });
    handler.allow(stock.tableArn, 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem');
    api.route('/stock/{productId}', handler, ['GET']);
    api.route('/stock/{productId}/receipts', handler, ['POST']);

    this.steps = new RustFunction(this, 'Steps', {
      settings,
      service: 'inventory',
      name: 'inventory-steps',
      // Of the largest order, and as far as time allows: its row, and two parts, or one of them and its way back.
      callsInSequence: 4,
      environment: { STOCK_TABLE: stock.tableName },
    });
    this.steps.allow(stock.tableArn, 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem');

    new StreamPublisher(this, 'Events', {
      settings,
      service: 'inventory',
      name: 'inventory-publisher',
      table: stock,
      bus,
      // That a row expires is no news.
      changes: ['INSERT', 'MODIFY'],
      environment: { LOW_STOCK_THRESHOLD: String(settings.lowStockThreshold) },
    });
  }
}
