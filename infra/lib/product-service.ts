import { Tags } from 'aws-cdk-lib';
import { StreamViewType } from 'aws-cdk-lib/aws-dynamodb';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { Construct } from 'constructs';
import { EventQueue } from './event-queue.ts';
import { apiFunction, type PublicApi } from './public-api.ts';
import { RustFunction } from './rust-function.ts';
import type { Settings } from './settings.ts';
import { StreamPublisher } from './stream-publisher.ts';
import { ShopTable } from './table.ts';

export interface ProductServiceProps {
  readonly settings: Settings;
  readonly bus: IEventBus;
  readonly api: PublicApi;
}

/**
 * The catalogue: its table, its API, the publisher of its changes, and the consumer of stock
 * events.
 */
export class ProductService extends Construct {
  constructor(scope: Construct, id: string, { settings, bus, api }: ProductServiceProps) {
    super(scope, id);
    Tags.of(this).add('service', 'product');

    const products = new ShopTable(this, 'Products', {
      settings,
      name: 'product',
      partitionKey: 'id',
      indexes: [{ name: 'by-category', partitionKey: 'category', sortKey: 'id' }],
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
    });

    const handler = apiFunction(this, 'Api', {
      api,
      settings,
      service: 'product',
      name: 'product-api',
      // A deletion: read the product, store who requested it, delete it.
      callsInSequence: 3,
      environment: { PRODUCT_TABLE: products.tableName, CURRENCY: settings.currency },
    });
    handler.allow(products.tableArn,
      'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem', 'dynamodb:Scan');
    handler.allow(products.indexArn('by-category'), 'dynamodb:Query');
    api.route('/product', handler, ['GET', 'POST'], { public: ['GET'] });
    api.route('/product/{id}', handler, ['GET', 'PUT', 'PATCH', 'DELETE'], { public: ['GET'] });
    api.route('/openapi.json', handler, ['GET'], { public: ['GET'] });

    new StreamPublisher(this, 'Events', {
      settings,
      service: 'product',
      name: 'product-publisher',
      table: products,
      bus,
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
