import { ArnFormat, Stack, Tags } from 'aws-cdk-lib';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { EventQueue } from './event-queue.ts';
import { TopicSubscription } from './order-topic.ts';
import { RustFunction } from './rust-function.ts';
import type { Settings } from './settings.ts';
import { ShopTable } from './table.ts';

export interface NotificationServiceProps {
  readonly settings: Settings;
  readonly bus: IEventBus;
  /** The topic that order events are published to. */
  readonly topic: ITopic;
}

/**
 * Mails to customers about their orders: sent where the stage has a sender, stored where it has
 * none.
 */
export class NotificationService extends Construct {
  constructor(scope: Construct, id: string, { settings, bus, topic }: NotificationServiceProps) {
    super(scope, id);
    Tags.of(this).add('service', 'notification');

    const table = new ShopTable(this, 'Mails', {
      settings, name: 'mail', partitionKey: 'customerId', sortKey: 'item', timeToLive: 'expiresAt',
    });

    const contacts = new RustFunction(this, 'Contacts', {
      settings,
      service: 'notification',
      name: 'notification-on-checkout',
      callsInSequence: 1,
      environment: { MAIL_TABLE: table.tableName },
    });
    contacts.allow(table.tableArn, 'dynamodb:ConditionCheckItem', 'dynamodb:PutItem');
    new EventQueue(this, 'Checkouts', {
      settings, bus, sources: ['shop.basket'], detailTypes: ['BasketCheckedOut'], consumer: contacts,
    });

    const mails = new RustFunction(this, 'Writer', {
      settings,
      service: 'notification',
      name: 'notification-on-order',
      // Read the contact, claim the mail, read the tombstone, send the mail, record that it was
      // sent.
      callsInSequence: 5,
      environment: {
        MAIL_TABLE: table.tableName,
        ...(settings.mailSender === undefined ? {} : { MAIL_SENDER: settings.mailSender }),
      },
    });
    mails.allow(table.tableArn, 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:DeleteItem');
    if (settings.mailSender !== undefined) {
      mails.allow(table.tableArn, 'dynamodb:UpdateItem');
      // SES authorizes the identity of the sender or of its domain, and in the sandbox that of each
      // recipient, too.
      mails.addToRolePolicy(new PolicyStatement({
        actions: ['ses:SendEmail'],
        resources: [identityArn(this, '*')],
        conditions: { StringEquals: { 'ses:FromAddress': settings.mailSender } },
      }));
    }
    new TopicSubscription(this, 'Subscription', {
      topic,
      consumer: mails,
      events: ['OrderPlaced', 'OrderPaid', 'OrderShipped', 'OrderDelivered', 'OrderRejected', 'OrderCancelled'],
    });

    const customers = new RustFunction(this, 'Customers', {
      settings,
      service: 'notification',
      name: 'notification-on-privacy',
      // The tombstone; then page by page, as far as time allows: read some rows, delete 25 or
      // export some.
      callsInSequence: 5,
      environment: { MAIL_TABLE: table.tableName, EVENT_BUS: bus.eventBusName },
    });
    customers.allow(table.tableArn, 'dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:BatchWriteItem');
    customers.allowEvents(bus);
    new EventQueue(this, 'CustomerRequests', {
      settings,
      bus,
      sources: ['shop.privacy'],
      // An erasure waits until it is due, so that earlier checkouts are still charged and shipped, and
      // their customer gets the mails.
      detailTypes: ['CustomerExportRequested', 'CustomerErasureDue'],
      consumer: customers,
    });
  }
}

function identityArn(scope: Construct, identity: string): string {
  return Stack.of(scope).formatArn({
    service: 'ses', resource: 'identity', resourceName: identity, arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
  });
}
