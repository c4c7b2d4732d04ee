import { FunctionUrl, FunctionUrlAuthType } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { EventSubscription } from '../../infra/constructs/event-subscription.ts';
import { RustFunction } from '../../infra/constructs/rust-function.ts';
import { Schedules } from '../../infra/constructs/schedules.ts';
import { PROVIDER_KEY, showParameter, WEBHOOK_SECRET } from '../../infra/constructs/secret.ts';
import { ServiceStack, type StackContext } from '../../infra/constructs/service-stack.ts';
import { ShopTable } from '../../infra/constructs/table.ts';

/**
 * A payment provider that moves no money, for local runs and demonstrations. It is not a service of
 * the shop.
 */
export class PaymentSandboxStack extends ServiceStack {
  /** Moves no money, so its failures can wait. */
  override readonly isWatched = false;

  constructor(scope: Construct, context: StackContext) {
    super(scope, 'payment-sandbox', context);

    const charges = new ShopTable(this, 'Charges', { name: 'provider', partitionKey: 'id', timeToLive: 'expiresAt' });

    const webhooks = new RustFunction(this, 'Webhooks', {
      name: 'payment-sandbox-webhooks',
      // Read the charge, settle it, and up to five seconds for the shop's response.
      callsInSequence: 4,
      environment: { PROVIDER_TABLE: charges.tableName },
    });
    webhooks.allow(charges.tableArn, 'dynamodb:GetItem', 'dynamodb:PutItem');
    showParameter(webhooks, 'WEBHOOK_SECRET_PARAMETER', WEBHOOK_SECRET);
    // Read when it is used: the API is deployed after all services.
    showParameter(webhooks, 'API_URL_PARAMETER', { owner: 'edge', name: 'api-url' });
    new EventSubscription(this, 'WebhooksDue', {
      sources: ['shop.payment-sandbox'], detailTypes: ['WebhookDue'], consumer: webhooks,
    });

    const provider = new RustFunction(this, 'Api', {
      name: 'payment-sandbox-api',
      // Read the charge, update it, publish or schedule its webhook; some charges take five seconds
      // to answer.
      callsInSequence: 4,
      environment: {
        PROVIDER_TABLE: charges.tableName,
        SETTLE_AFTER_SECONDS: String(this.settings.paymentDelaySeconds),
      },
    });
    provider.allow(charges.tableArn, 'dynamodb:GetItem', 'dynamodb:PutItem');
    provider.allowEvents();
    new Schedules(this, 'Schedules').allowCreation(provider);
    showParameter(provider, 'PROVIDER_KEY_PARAMETER', PROVIDER_KEY);
    // Public, as a provider is: the function checks the key.
    const { url } = new FunctionUrl(this, 'Url', { function: provider, authType: FunctionUrlAuthType.NONE });
    this.provide('api-url', url);
  }
}
