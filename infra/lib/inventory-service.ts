import { Tags } from 'aws-cdk-lib';
import { StreamViewType } from 'aws-cdk-lib/aws-dynamodb';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { Construct } from 'constructs';
import { ApiFunction } from './api-function.ts';
import { failureQueue } from './failure-queue.ts';
import { RustFunction } from './rust-function.ts';
import type { Settings } from './settings.ts';
import { StreamPublisher } from './stream-publisher.ts';
import { ShopTable } from './table.ts';

export interface InventoryServiceProps {
  readonly settings: Settings;
  readonly bus: IEventBus;
  /** Id of the app client whose tokens are accepted. */
  readonly tokenClient: string;
}

/**
 * The warehouse: its table, its API for staff, the functions of the workflow, and the publisher of
 * its changes.
 */
export class InventoryService extends Construct {
  /** Reserves, releases and ships stock, for the workflow that fulfils orders. */
  readonly steps: RustFunction;

  constructor(scope: Construct, id: string, { settings, bus, tokenClient }: InventoryServiceProps) {
    super(scope, id);
    Tags.of(this).add('service', 'inventory');

    const stock = new ShopTable(this, 'Stock', {
      settings,
      name: 'stock',
      partitionKey: 'item',
      timeToLive: 'expiresAt',
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
    });

    const handler = new ApiFunction(this, 'Api', {
      settings,
      tokenClient,
      service: 'inventory',
      name: 'inventory-api',
      // A repeated receipt: the transaction, read the stored receipt, read the stock.
      callsInSequence: 3,
      environment: { STOCK_TABLE: stock.tableName },
    });
    handler.allow(stock.tableArn, 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem');

    this.steps = new RustFunction(this, 'Steps', {
      settings,
      service: 'inventory',
      name: 'inventory-steps',
      // The largest order, as far as time allows: its row, then two parts, or one part and its
      // compensation.
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
      quarantine: failureQueue(this, 'inventory'),
      // The expiry of a row is no event.
      changes: ['INSERT', 'MODIFY'],
      environment: { LOW_STOCK_THRESHOLD: String(settings.lowStockThreshold) },
    });
  }
}
