import type { Construct } from 'constructs';
import { EventSubscription } from '../../infra/constructs/event-subscription.ts';
import { ApiFunction } from '../../infra/constructs/http-function.ts';
import { RustFunction } from '../../infra/constructs/rust-function.ts';
import { ServiceStack, type StackContext } from '../../infra/constructs/service-stack.ts';
import { ShopTable } from '../../infra/constructs/table.ts';

/** Search over the products: its index, the consumer that writes it, and its API. */
export class SearchStack extends ServiceStack {
  /** What it misses is not lost: `cargo xtask republish product-publisher` indexes it again. */
  override readonly isWatched = false;

  constructor(scope: Construct, context: StackContext) {
    super(scope, 'search', context);

    const index = new ShopTable(this, 'Index', {
      name: 'search', partitionKey: 'item', sortKey: 'sort', timeToLive: 'expiresAt',
    });

    const products = new RustFunction(this, 'OnProduct', {
      name: 'search-on-product',
      // The product's row is read and written; 240 new postings and as many old ones are five
      // transactions.
      callsInSequence: 7,
      environment: { SEARCH_TABLE: index.tableName },
    });
    products.allow(index.tableArn,
      'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem', 'dynamodb:ConditionCheckItem');
    new EventSubscription(this, 'Products', {
      sources: ['shop.product'],
      detailTypes: ['ProductCreated', 'ProductUpdated', 'ProductDeleted'],
      consumer: products,
    });

    const handler = new ApiFunction(this, 'Api', {
      name: 'search-api',
      // The lists of all words at once, then the products.
      callsInSequence: 2,
      environment: { SEARCH_TABLE: index.tableName },
    });
    handler.allow(index.tableArn, 'dynamodb:Query', 'dynamodb:BatchGetItem');
  }
}
