import { Tags } from 'aws-cdk-lib';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { apiFunction, type PublicApi } from './public-api.ts';
import { FactSubscription } from './order-topic.ts';
import { RustFunction } from './rust-function.ts';
import type { Settings } from './settings.ts';
import { ShopTable } from './table.ts';

export interface AuditServiceProps {
  readonly settings: Settings;
  readonly api: PublicApi;
  /** Where the facts of orders are told. */
  readonly topic: ITopic;
}

/** What happened to each order, written down for good: no function may remove a row, and the one that puts them puts none twice. */
export class AuditService extends Construct {
  constructor(scope: Construct, id: string, { settings, api, topic }: AuditServiceProps) {
    super(scope, id);
    Tags.of(this).add('service', 'audit');

    const audit = new ShopTable(this, 'Entries', {
      settings, name: 'audit', partitionKey: 'orderId', sortKey: 'entry',
    });

    const facts = new RustFunction(this, 'Facts', {
      settings,
      service: 'audit',
      name: 'audit-on-order',
      callsInSequence: 1,
      environment: { AUDIT_TABLE: audit.tableName },
    });
    facts.allow(audit.tableArn, 'dynamodb:PutItem');
    new FactSubscription(this, 'Subscription', { topic, consumer: facts });

    const handler = apiFunction(this, 'Api', {
      api,
      settings,
      service: 'audit',
      name: 'audit-api',
      callsInSequence: 1,
      environment: { AUDIT_TABLE: audit.tableName },
    });
    handler.allow(audit.tableArn, 'dynamodb:Query');
    api.route('/audit/{orderId}', handler, ['GET']);
  }
}
