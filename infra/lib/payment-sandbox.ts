import { Tags } from 'aws-cdk-lib';
import { FunctionUrl, FunctionUrlAuthType } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { RustFunction } from './rust-function.ts';
import type { ShopSecret } from './secret.ts';
import type { Settings } from './settings.ts';
import { ShopTable } from './table.ts';
import { WorkQueue } from './work-queue.ts';

/** The secrets that the shop and its payment provider share. */
export interface PaymentSecrets {
  /** Authenticates the shop's requests to the provider. */
  readonly providerKey: ShopSecret;
  /** Signs the provider's webhooks to the shop. */
  readonly webhookSecret: ShopSecret;
}

export interface PaymentSandboxProps {
  readonly settings: Settings;
  readonly secrets: PaymentSecrets;
  /** The webhook that receives the outcome of each charge. */
  readonly webhookUrl: string;
}

/** A webhook: read the charge, settle it, and up to five seconds for the shop's response. */
const CALLS = 4;

/**
 * A payment provider that moves no money, for local runs and demonstrations. It is not a service of
 * the shop.
 */
export class PaymentSandbox extends Construct {
  /** The URL of its API. */
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
      // Read the charge, update it, enqueue its webhook; some charges take five seconds to answer.
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
    // Public, as a provider is: the function checks the key.
    this.url = new FunctionUrl(this, 'Url', { function: provider, authType: FunctionUrlAuthType.NONE }).url;
  }
}
