import { ArnFormat } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { acknowledge } from '../../infra/constructs/acknowledge.ts';
import { EventSubscription } from '../../infra/constructs/event-subscription.ts';
import { TopicSubscription } from '../../infra/constructs/order-topic.ts';
import { RustFunction } from '../../infra/constructs/rust-function.ts';
import { ServiceStack, type StackContext } from '../../infra/constructs/service-stack.ts';
import { ShopTable } from '../../infra/constructs/table.ts';

/**
 * Mails to customers about their orders: sent where the stage has a sender, stored where it has
 * none.
 */
export class NotificationStack extends ServiceStack {
  constructor(scope: Construct, context: StackContext) {
    super(scope, 'notification', context);

    const table = new ShopTable(this, 'Mails', {
      name: 'mail', partitionKey: 'customerId', sortKey: 'item', timeToLive: 'expiresAt',
    });

    const contacts = new RustFunction(this, 'Contacts', {
      name: 'notification-on-checkout',
      callsInSequence: 1,
      environment: { MAIL_TABLE: table.tableName },
    });
    contacts.allow(table.tableArn, 'dynamodb:ConditionCheckItem', 'dynamodb:PutItem');
    new EventSubscription(this, 'Checkouts', {
      sources: ['shop.basket'], detailTypes: ['BasketCheckedOut'], consumer: contacts,
    });

    const mails = new RustFunction(this, 'Writer', {
      name: 'notification-on-order',
      // Read the contact, claim the mail, read the tombstone, send the mail, record that it was
      // sent.
      callsInSequence: 5,
      environment: {
        MAIL_TABLE: table.tableName,
        ...(this.settings.mailSender === undefined ? {} : { MAIL_SENDER: this.settings.mailSender }),
      },
    });
    mails.allow(table.tableArn, 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:DeleteItem');
    if (this.settings.mailSender !== undefined) {
      mails.allow(table.tableArn, 'dynamodb:UpdateItem');
      const identities = this.formatArn({
        service: 'ses', resource: 'identity', resourceName: '*', arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
      });
      mails.addToRolePolicy(new PolicyStatement({
        actions: ['ses:SendEmail'],
        resources: [identities],
        conditions: { StringEquals: { 'ses:FromAddress': this.settings.mailSender } },
      }));
      acknowledge(mails.role, `IAM5[Resource::${identities}]`,
        'SES authorizes the identity of the sender or of its domain, and in the sandbox that of each recipient, too.');
    }
    new TopicSubscription(this, 'Subscription', {
      consumer: mails,
      events: ['OrderPlaced', 'OrderPaid', 'OrderShipped', 'OrderDelivered', 'OrderRejected', 'OrderCancelled'],
    });

    const customers = new RustFunction(this, 'Customers', {
      name: 'notification-on-privacy',
      // The tombstone; then page by page, as far as time allows: read some rows, delete 25 or
      // export some.
      callsInSequence: 5,
      environment: { MAIL_TABLE: table.tableName },
    });
    customers.allow(table.tableArn, 'dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:BatchWriteItem');
    customers.allowEvents();
    new EventSubscription(this, 'CustomerRequests', {
      sources: ['shop.privacy'],
      // Orders in progress are charged and shipped first.
      detailTypes: ['CustomerExportRequested', 'CustomerErasureDue'],
      consumer: customers,
    });
  }
}
