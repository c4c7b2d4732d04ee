import { StreamViewType } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { ApiFunction } from '../../infra/constructs/http-function.ts';
import { RustFunction } from '../../infra/constructs/rust-function.ts';
import { ServiceStack, type StackContext } from '../../infra/constructs/service-stack.ts';
import { StreamPublisher } from '../../infra/constructs/stream-publisher.ts';
import { ShopTable } from '../../infra/constructs/table.ts';

/**
 * The warehouse: its table, its API for staff, the functions of the workflow, and the publisher of
 * its changes.
 */
export class InventoryStack extends ServiceStack {
  constructor(scope: Construct, context: StackContext) {
    super(scope, 'inventory', context);

    const stock = new ShopTable(this, 'Stock', {
      name: 'stock',
      partitionKey: 'item',
      timeToLive: 'expiresAt',
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
    });

    const handler = new ApiFunction(this, 'Api', {
      name: 'inventory-api',
      // A repeated receipt: the transaction, read the stored receipt, read the stock.
      callsInSequence: 3,
      environment: { STOCK_TABLE: stock.tableName },
    });
    handler.allow(stock.tableArn, 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem');

    // For the workflow that fulfils orders.
    const steps = new RustFunction(this, 'Steps', {
      name: 'inventory-steps',
      // The largest order, as far as time allows: its row, then two parts, or one part and its
      // compensation.
      callsInSequence: 4,
      environment: { STOCK_TABLE: stock.tableName },
    });
    this.provide('steps-arn', steps.functionArn);
    steps.allow(stock.tableArn, 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem');

    new StreamPublisher(this, 'Events', {
      name: 'inventory-publisher',
      table: stock,
      // The expiry of a row is no event.
      changes: ['INSERT', 'MODIFY'],
      environment: { LOW_STOCK_THRESHOLD: String(this.settings.lowStockThreshold) },
    });
  }
}
