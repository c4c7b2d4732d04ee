import { Tags } from 'aws-cdk-lib';
import { FunctionUrl, FunctionUrlAuthType } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { RustFunction } from './rust-function.ts';
import type { ShopSecret } from './secret.ts';
import type { Settings } from './settings.ts';
import { ShopTable } from './table.ts';
import { WorkQueue } from './work-queue.ts';

/** What the shop and its payment provider know of each other. */
export interface PaymentSecrets {
  /** With it the shop asks the provider. */
  readonly providerKey: ShopSecret;
  /** With it the provider signs what it tells the shop. */
  readonly webhookSecret: ShopSecret;
}

export interface PaymentSandboxProps {
  readonly settings: Settings;
  readonly secrets: PaymentSecrets;
  /** Where the provider tells what became of a charge. */
  readonly webhookUrl: string;
}

/** Of a webhook: the charge, that it has settled, and up to five seconds for the shop to take it. */
const CALLS = 4;

/** A payment provider that moves no money, for the laptop and for demonstrations. It is none of the shop's services. */
export class PaymentSandbox extends Construct {
  /** Where its API is. */
  readonly url: string;

  constructor(scope: Construct, id: string, { settings, secrets, webhookUrl }: PaymentSandboxProps) {
    super(scope, id);
    Tags.of(this).add('service', 'payment-sandbox');

    const charges = new ShopTable(this, 'Charges', { settings, name: 'provider', partitionKey: 'id', timeToLive: 'expiresAt' });

    const webhooks = new RustFunction(this, 'Webhooks', {
      settings,
      service: 'payment-sandbox',
      name: 'payment-sandbox-webhooks',
      callsInSequence: CALLS,
      environment: {
        PROVIDER_TABLE: charges.tableName,
        WEBHOOK_URL: webhookUrl,
        WEBHOOK_SECRET: secrets.webhookSecret.arn,
      },
    });
    webhooks.allow(charges.tableArn, 'dynamodb:GetItem', 'dynamodb:PutItem');
    secrets.webhookSecret.showTo(webhooks);
    const queue = new WorkQueue(this, 'Work', { name: webhooks.name, callsInSequence: CALLS });
    queue.feed(webhooks);

    const provider = new RustFunction(this, 'Api', {
      settings,
      service: 'payment-sandbox',
      name: 'payment-sandbox-api',
      // The charge, a change of it, its webhook; some charges take five seconds to answer.
      callsInSequence: 4,
      environment: {
        PROVIDER_TABLE: charges.tableName,
        WEBHOOK_QUEUE_URL: queue.queue.queueUrl,
        PROVIDER_KEY_SECRET: secrets.providerKey.arn,
        SETTLE_AFTER_SECONDS: String(settings.paymentDelaySeconds),
      },
    });
    provider.allow(charges.tableArn, 'dynamodb:GetItem', 'dynamodb:PutItem');
    provider.allow(queue.queue.queueArn, 'sqs:SendMessage');
    secrets.providerKey.showTo(provider);
    // Open to the world, as a provider is: the function looks for the key.
    this.url = new FunctionUrl(this, 'Url', { function: provider, authType: FunctionUrlAuthType.NONE }).url;
  }
}
