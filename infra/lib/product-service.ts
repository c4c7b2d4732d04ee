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

export interface ProductServiceProps {
  readonly settings: Settings;
  readonly bus: IEventBus;
  /** Id of the app client whose tokens are accepted. */
  readonly tokenClient: string;
}

/**
 * The catalogue: its table, its API, the publisher of its changes, and the consumer of stock
 * events.
 */
export class ProductService extends Construct {
  constructor(scope: Construct, id: string, { settings, bus, tokenClient }: ProductServiceProps) {
    super(scope, id);
    Tags.of(this).add('service', 'product');

    const products = new ShopTable(this, 'Products', {
      settings,
      name: 'product',
      partitionKey: 'id',
      indexes: [{ name: 'by-category', partitionKey: 'category', sortKey: 'id' }],
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
    });

    const handler = new ApiFunction(this, 'Api', {
      settings,
      tokenClient,
      service: 'product',
      name: 'product-api',
      // A deletion: read the product, store who requested it, delete it.
      callsInSequence: 3,
      environment: { PRODUCT_TABLE: products.tableName, CURRENCY: settings.currency },
    });
    handler.allow(products.tableArn,
      'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem', 'dynamodb:Scan');
    handler.allow(products.indexArn('by-category'), 'dynamodb:Query');

    new StreamPublisher(this, 'Events', {
      settings,
      service: 'product',
      name: 'product-publisher',
      table: products,
      bus,
      quarantine: failureQueue(this, 'product'),
    });

    const stock = new RustFunction(this, 'Stock', {
      settings,
      service: 'product',
      name: 'product-on-stock',
      callsInSequence: 1,
      environment: { PRODUCT_TABLE: products.tableName },
    });
    stock.allow(products.tableArn, 'dynamodb:UpdateItem');
    new EventQueue(this, 'StockChanges', {
      settings,
      bus,
      sources: ['shop.inventory'],
      detailTypes: ['StockChanged'],
      consumer: stock,
    });
  }
}
