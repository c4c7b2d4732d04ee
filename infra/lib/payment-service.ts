import { Tags } from 'aws-cdk-lib';
import { StreamViewType } from 'aws-cdk-lib/aws-dynamodb';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { Construct } from 'constructs';
import { ApiFunction } from './api-function.ts';
import { failureQueue } from './failure-queue.ts';
import type { PaymentSecrets } from './payment-sandbox.ts';
import { RustFunction } from './rust-function.ts';
import type { Settings } from './settings.ts';
import { StreamPublisher } from './stream-publisher.ts';
import { ShopTable } from './table.ts';
import { WorkQueue } from './work-queue.ts';

export interface PaymentServiceProps {
  readonly settings: Settings;
  readonly bus: IEventBus;
  /** Id of the app client whose tokens are accepted. */
  readonly tokenClient: string;
  readonly secrets: PaymentSecrets;
  /** The URL of the payment provider's API. */
  readonly providerUrl: string;
}

/**
 * A command: store the intent, store the outcome. The provider takes at most twice three seconds
 * and a pause, which is less than two AWS calls.
 */
const CALLS = 4;

/**
 * Payments: requested by commands, charged by an external provider, published when they reach a
 * final state.
 */
export class PaymentService extends Construct {
  /** The queue that takes charge and refund commands. */
  readonly commands: WorkQueue;

  constructor(scope: Construct, id: string, props: PaymentServiceProps) {
    super(scope, id);
    const { settings, bus, tokenClient, secrets, providerUrl } = props;
    Tags.of(this).add('service', 'payment');

    const payments = new ShopTable(this, 'Payments', {
      settings,
      name: 'payment',
      partitionKey: 'orderId',
      // Both images show whether a change was one of the state.
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
    });

    const handler = new ApiFunction(this, 'Api', {
      settings,
      tokenClient,
      service: 'payment',
      name: 'payment-api',
      callsInSequence: 1,
      environment: { PAYMENT_TABLE: payments.tableName },
    });
    handler.allow(payments.tableArn, 'dynamodb:GetItem');

    // A separate function: a public endpoint needs no user identities, and staff need no webhook
    // secret.
    const webhook = new RustFunction(this, 'WebhookApi', {
      settings,
      service: 'payment',
      name: 'payment-webhook',
      // Read the payment, store what the provider reported, perhaps store it again.
      callsInSequence: 3,
      environment: {
        PAYMENT_TABLE: payments.tableName,
        WEBHOOK_SECRET: secrets.webhookSecret.arn,
      },
    });
    webhook.allow(payments.tableArn, 'dynamodb:GetItem', 'dynamodb:PutItem');
    secrets.webhookSecret.showTo(webhook);

    const commands = new RustFunction(this, 'Commands', {
      settings,
      service: 'payment',
      name: 'payment-on-command',
      callsInSequence: CALLS,
      environment: {
        PAYMENT_TABLE: payments.tableName,
        PROVIDER_URL: providerUrl,
        PROVIDER_KEY_SECRET: secrets.providerKey.arn,
      },
    });
    // A rejected conditional write returns the stored item, so no read is needed.
    commands.allow(payments.tableArn, 'dynamodb:PutItem');
    secrets.providerKey.showTo(commands);
    this.commands = new WorkQueue(this, 'Work', { name: commands.name, callsInSequence: CALLS });
    this.commands.feed(commands);

    new StreamPublisher(this, 'PaymentEvents', {
      settings,
      service: 'payment',
      name: 'payment-publisher',
      table: payments,
      bus,
      quarantine: failureQueue(this, 'payment'),
      changes: ['INSERT', 'MODIFY'],
    });
  }
}
