import { StreamViewType } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { EventSubscription } from '../../infra/constructs/event-subscription.ts';
import { ApiFunction } from '../../infra/constructs/http-function.ts';
import { RustFunction } from '../../infra/constructs/rust-function.ts';
import { Schedules } from '../../infra/constructs/schedules.ts';
import { ServiceStack, type StackContext } from '../../infra/constructs/service-stack.ts';
import { StreamPublisher } from '../../infra/constructs/stream-publisher.ts';
import { ShopTable } from '../../infra/constructs/table.ts';

/** The services that store customer data, whether they are deployed or not. */
const HOLDERS = ['basket', 'notification', 'ordering', 'realtime'];

/** Export and erasure of a customer's own data. */
export class PrivacyStack extends ServiceStack {
  constructor(scope: Construct, context: StackContext) {
    super(scope, 'privacy', context);

    const requests = new ShopTable(this, 'Requests', {
      name: 'privacy',
      partitionKey: 'customerId',
      sortKey: 'item',
      timeToLive: 'expiresAt',
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
    });

    const handler = new ApiFunction(this, 'Api', {
      name: 'privacy-api',
      // An export: read the request, then create one or read the parts.
      callsInSequence: 2,
      environment: { PRIVACY_TABLE: requests.tableName },
    });
    handler.allow(requests.tableArn, 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query');

    new StreamPublisher(this, 'RequestEvents', {
      name: 'privacy-publisher',
      table: requests,
      // An export that follows an expired one replaces its row.
      changes: ['INSERT', 'MODIFY'],
    });

    const userPool = this.valueOf('foundation', 'user-pool-id');
    const progress = new RustFunction(this, 'Progress', {
      name: 'privacy-on-event',
      // The end of an erasure, as far as time allows: store it, delete the export, its parts and
      // the account, update the request.
      callsInSequence: 6,
      environment: {
        PRIVACY_TABLE: requests.tableName,
        USER_POOL_ID: userPool,
        ERASURE_DELAY_SECONDS: String(this.settings.erasureDelaySeconds),
      },
    });
    progress.allow(requests.tableArn,
      'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem', 'dynamodb:BatchWriteItem', 'dynamodb:Query');
    progress.allow(this.formatArn({ service: 'cognito-idp', resource: 'userpool', resourceName: userPool }), 'cognito-idp:ListUsers', 'cognito-idp:AdminDeleteUser');
    progress.allowEvents();
    new Schedules(this, 'Schedules').allowCreation(progress);
    new EventSubscription(this, 'Erasures', {
      sources: ['shop.privacy'], detailTypes: ['CustomerErasureRequested', 'ErasureDelayPassed'], consumer: progress,
    });
    new EventSubscription(this, 'Answers', {
      sources: HOLDERS.map((holder) => `shop.${holder}`),
      detailTypes: ['CustomerDataCollected', 'CustomerDataErased'],
      consumer: progress,
    });
  }
}
