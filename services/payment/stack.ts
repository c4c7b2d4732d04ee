import { StreamViewType } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { ApiFunction, HttpFunction } from '../../infra/constructs/http-function.ts';
import { provideCommandQueue } from '../../infra/constructs/command-queue.ts';
import { RustFunction } from '../../infra/constructs/rust-function.ts';
import { PROVIDER_KEY, showParameter, WEBHOOK_SECRET } from '../../infra/constructs/secret.ts';
import { ServiceStack, type StackContext } from '../../infra/constructs/service-stack.ts';
import { StreamPublisher } from '../../infra/constructs/stream-publisher.ts';
import { ShopTable } from '../../infra/constructs/table.ts';

/**
 * A command: store the intent, store the outcome. The provider takes at most twice three seconds
 * and a pause, which is less than two AWS calls.
 */
const CALLS = 4;

/**
 * Payments: requested by commands, charged by an external provider, published when they reach a
 * final state.
 */
export class PaymentStack extends ServiceStack {
  constructor(scope: Construct, context: StackContext) {
    super(scope, 'payment', context);

    const payments = new ShopTable(this, 'Payments', {
      name: 'payment',
      partitionKey: 'orderId',
      // Both images show whether a change was one of the state.
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
    });

    const handler = new ApiFunction(this, 'Api', {
      name: 'payment-api',
      callsInSequence: 1,
      environment: { PAYMENT_TABLE: payments.tableName },
    });
    handler.allow(payments.tableArn, 'dynamodb:GetItem');

    // A separate function: a public endpoint needs no user identities, and staff need no webhook
    // secret.
    const webhook = new HttpFunction(this, 'WebhookApi', {
      name: 'payment-webhook',
      // Read the payment, store what the provider reported, perhaps store it again.
      callsInSequence: 3,
      environment: {
        PAYMENT_TABLE: payments.tableName,
      },
    });
    webhook.allow(payments.tableArn, 'dynamodb:GetItem', 'dynamodb:PutItem');
    showParameter(webhook, 'WEBHOOK_SECRET_PARAMETER', WEBHOOK_SECRET);

    const commands = new RustFunction(this, 'Commands', {
      name: 'payment-on-command',
      callsInSequence: CALLS,
      environment: {
        PAYMENT_TABLE: payments.tableName,
        PROVIDER_URL: this.settings.paymentProviderUrl ?? this.valueOf('payment-sandbox', 'api-url'),
      },
    });
    // A rejected conditional write returns the stored item, so no read is needed.
    commands.allow(payments.tableArn, 'dynamodb:PutItem');
    showParameter(commands, 'PROVIDER_KEY_PARAMETER', PROVIDER_KEY);
    provideCommandQueue(commands);

    new StreamPublisher(this, 'PaymentEvents', {
      name: 'payment-publisher',
      table: payments,
      changes: ['INSERT', 'MODIFY'],
    });
  }
}
