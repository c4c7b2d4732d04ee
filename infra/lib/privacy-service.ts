import { Tags } from 'aws-cdk-lib';
import { type UserPool, UserPoolOperation } from 'aws-cdk-lib/aws-cognito';
import { StreamViewType } from 'aws-cdk-lib/aws-dynamodb';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { Construct } from 'constructs';
import { ApiFunction } from './api-function.ts';
import { EventQueue } from './event-queue.ts';
import { failureQueue } from './failure-queue.ts';
import { RustFunction } from './rust-function.ts';
import { Schedules } from './schedules.ts';
import type { Settings } from './settings.ts';
import { StreamPublisher } from './stream-publisher.ts';
import { ShopTable } from './table.ts';

/** The services that store customer data. */
const HOLDERS = ['basket', 'notification', 'ordering', 'realtime'];

export interface PrivacyServiceProps {
  readonly settings: Settings;
  readonly bus: IEventBus;
  /** Id of the app client whose tokens are accepted. */
  readonly tokenClient: string;
  readonly users: UserPool;
}

/** Export and erasure of a customer's own data, and the check at sign-up. */
export class PrivacyService extends Construct {
  constructor(scope: Construct, id: string, { settings, bus, tokenClient, users }: PrivacyServiceProps) {
    super(scope, id);
    Tags.of(this).add('service', 'privacy');

    const holders = HOLDERS.join(',');
    const requests = new ShopTable(this, 'Requests', {
      settings,
      name: 'privacy',
      partitionKey: 'customerId',
      sortKey: 'item',
      timeToLive: 'expiresAt',
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
    });

    const handler = new ApiFunction(this, 'Api', {
      settings,
      tokenClient,
      service: 'privacy',
      name: 'privacy-api',
      // An export: read the request, then create one or read the parts.
      callsInSequence: 2,
      environment: { PRIVACY_TABLE: requests.tableName, DATA_HOLDERS: holders },
    });
    handler.allow(requests.tableArn, 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query');

    // The same rule for user names at sign-up and in the services.
    const signUp = new RustFunction(this, 'SignUp', {
      settings,
      service: 'privacy',
      name: 'privacy-on-sign-up',
      // It makes no call; the timeout leaves time for a cold start before Cognito gives up, after
      // five seconds.
      callsInSequence: 1,
      refusalsMetric: 'SignUpsRefused',
      environment: {},
    });
    users.addTrigger(UserPoolOperation.PRE_SIGN_UP, signUp);

    new StreamPublisher(this, 'RequestEvents', {
      settings,
      service: 'privacy',
      name: 'privacy-publisher',
      table: requests,
      bus,
      quarantine: failureQueue(this, 'privacy'),
      // An export that follows an expired one replaces its row.
      changes: ['INSERT', 'MODIFY'],
    });

    const progress = new RustFunction(this, 'Progress', {
      settings,
      service: 'privacy',
      name: 'privacy-on-event',
      // The end of an erasure, as far as time allows: store it, delete the export, its parts and
      // the account, update the request.
      callsInSequence: 6,
      environment: {
        PRIVACY_TABLE: requests.tableName,
        USER_POOL_ID: users.userPoolId,
        DATA_HOLDERS: holders,
        EVENT_BUS: bus.eventBusName,
        ERASURE_DELAY_SECONDS: String(settings.erasureDelaySeconds),
      },
    });
    progress.allow(requests.tableArn,
      'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem', 'dynamodb:BatchWriteItem', 'dynamodb:Query');
    progress.allow(users.userPoolArn, 'cognito-idp:ListUsers', 'cognito-idp:AdminDeleteUser');
    progress.allowEvents(bus);
    const { work } = new EventQueue(this, 'Events', {
      settings,
      bus,
      sources: ['privacy', ...HOLDERS].map((service) => `shop.${service}`),
      detailTypes: ['CustomerErasureRequested', 'CustomerDataCollected', 'CustomerDataErased'],
      consumer: progress,
    });
    const schedules = new Schedules(this, 'Schedules', { deadLetters: work.deadLetters });
    schedules.sendTo(work.queue);
    schedules.allowCreation(progress, work.queue.queueArn);
  }
}
