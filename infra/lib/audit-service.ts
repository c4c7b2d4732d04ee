import { Tags } from 'aws-cdk-lib';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { ApiFunction } from './api-function.ts';
import { TopicSubscription } from './order-topic.ts';
import { RustFunction } from './rust-function.ts';
import type { Settings } from './settings.ts';
import { ShopTable } from './table.ts';

export interface AuditServiceProps {
  readonly settings: Settings;
  /** Id of the app client whose tokens are accepted. */
  readonly tokenClient: string;
  /** The topic that order events are published to. */
  readonly topic: ITopic;
}

/**
 * The permanent audit trail of each order. No function may delete a row, and the writer stores no
 * row twice.
 */
export class AuditService extends Construct {
  constructor(scope: Construct, id: string, { settings, tokenClient, topic }: AuditServiceProps) {
    super(scope, id);
    Tags.of(this).add('service', 'audit');

    const audit = new ShopTable(this, 'Entries', {
      settings, name: 'audit', partitionKey: 'orderId', sortKey: 'entry',
    });

    const events = new RustFunction(this, 'OnOrder', {
      settings,
      service: 'audit',
      name: 'audit-on-order',
      callsInSequence: 1,
      environment: { AUDIT_TABLE: audit.tableName },
    });
    events.allow(audit.tableArn, 'dynamodb:PutItem');
    new TopicSubscription(this, 'Subscription', { topic, consumer: events });

    const handler = new ApiFunction(this, 'Api', {
      settings,
      tokenClient,
      service: 'audit',
      name: 'audit-api',
      callsInSequence: 1,
      environment: { AUDIT_TABLE: audit.tableName },
    });
    handler.allow(audit.tableArn, 'dynamodb:Query');
  }
}
