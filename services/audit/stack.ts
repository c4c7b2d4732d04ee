import type { Construct } from 'constructs';
import { ApiFunction } from '../../infra/constructs/http-function.ts';
import { TopicSubscription } from '../../infra/constructs/order-topic.ts';
import { RustFunction } from '../../infra/constructs/rust-function.ts';
import { ServiceStack, type StackContext } from '../../infra/constructs/service-stack.ts';
import { ShopTable } from '../../infra/constructs/table.ts';

/**
 * The permanent audit trail of each order. No function may delete a row, and the writer stores no
 * row twice.
 */
export class AuditStack extends ServiceStack {
  constructor(scope: Construct, context: StackContext) {
    super(scope, 'audit', context);

    const audit = new ShopTable(this, 'Entries', {
      name: 'audit', partitionKey: 'orderId', sortKey: 'entry',
    });

    const events = new RustFunction(this, 'OnOrder', {
      name: 'audit-on-order',
      callsInSequence: 1,
      environment: { AUDIT_TABLE: audit.tableName },
    });
    events.allow(audit.tableArn, 'dynamodb:PutItem');
    new TopicSubscription(this, 'Subscription', { consumer: events });

    const handler = new ApiFunction(this, 'Api', {
      name: 'audit-api',
      callsInSequence: 1,
      environment: { AUDIT_TABLE: audit.tableName },
    });
    handler.allow(audit.tableArn, 'dynamodb:Query');
  }
}
