import { StreamViewType } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { EventSubscription } from '../../infra/constructs/event-subscription.ts';
import { ApiFunction } from '../../infra/constructs/http-function.ts';
import { RustFunction } from '../../infra/constructs/rust-function.ts';
import { ServiceStack, type StackContext } from '../../infra/constructs/service-stack.ts';
import { StreamPublisher } from '../../infra/constructs/stream-publisher.ts';
import { ShopTable } from '../../infra/constructs/table.ts';

/**
 * The catalogue: its table, its API, the publisher of its changes, and the consumer of stock
 * events.
 */
export class ProductStack extends ServiceStack {
  constructor(scope: Construct, context: StackContext) {
    super(scope, 'product', context);

    const products = new ShopTable(this, 'Products', {
      name: 'product',
      partitionKey: 'id',
      indexes: [{ name: 'by-category', partitionKey: 'category', sortKey: 'id' }],
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
    });

    const handler = new ApiFunction(this, 'Api', {
      name: 'product-api',
      // A deletion: read the product, store who requested it, delete it.
      callsInSequence: 3,
      environment: { PRODUCT_TABLE: products.tableName, CURRENCY: this.settings.currency },
    });
    handler.allow(products.tableArn,
      'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem', 'dynamodb:Scan');
    handler.allow(products.indexArn('by-category'), 'dynamodb:Query');

    new StreamPublisher(this, 'Events', {
      name: 'product-publisher',
      table: products,
    });

    const stock = new RustFunction(this, 'Stock', {
      name: 'product-on-stock',
      callsInSequence: 1,
      environment: { PRODUCT_TABLE: products.tableName },
    });
    stock.allow(products.tableArn, 'dynamodb:UpdateItem');
    new EventSubscription(this, 'StockChanges', {
      sources: ['shop.inventory'],
      detailTypes: ['StockChanged'],
      consumer: stock,
    });
  }
}
