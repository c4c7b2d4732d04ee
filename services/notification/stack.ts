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

    const environment = {
      MAIL_TABLE: table.tableName,
      ...(this.settings.mailSender === undefined ? {} : { MAIL_SENDER: this.settings.mailSender }),
    };
    const contacts = new RustFunction(this, 'Contacts', {
      name: 'notification-on-checkout',
      // Where mails wait for the contact: try to put it, read their notices, put it beside them,
      // write all mails as below, and forget the notices.
      callsInSequence: 9,
      environment,
    });
    contacts.allow(table.tableArn, 'dynamodb:ConditionCheckItem', 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:DeleteItem');
    new EventSubscription(this, 'Checkouts', {
      sources: ['shop.basket'], detailTypes: ['BasketCheckedOut'], consumer: contacts,
    });

    const mails = new RustFunction(this, 'Writer', {
      name: 'notification-on-order',
      // Read the contact, claim the mail, read the tombstone, send the mail, record that it was
      // sent.
      callsInSequence: 5,
      environment,
    });
    mails.allow(table.tableArn,
      'dynamodb:ConditionCheckItem', 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem');
    if (this.settings.mailSender !== undefined) {
      // It marks each mail that was sent, too.
      contacts.allow(table.tableArn, 'dynamodb:UpdateItem');
      for (const sender of [contacts, mails]) this.allowMails(sender, this.settings.mailSender);
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

  /** Lets a function send mails with SES. */
  private allowMails(sender: RustFunction, address: string): void {
    const identities = this.formatArn({
      service: 'ses', resource: 'identity', resourceName: '*', arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    });
    sender.addToRolePolicy(new PolicyStatement({
      actions: ['ses:SendEmail'],
      resources: [identities],
      conditions: { StringEquals: { 'ses:FromAddress': address } },
    }));
    acknowledge(sender.role, `IAM5[Resource::${identities}]`,
      'SES authorizes the identity of the sender or of its domain, and in the sandbox that of each recipient, too.');
  }
}
