import { Tags } from 'aws-cdk-lib';
import { StreamViewType } from 'aws-cdk-lib/aws-dynamodb';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { Construct } from 'constructs';
import { ApiFunction } from './api-function.ts';
import { failureQueue } from './failure-queue.ts';
import { RustFunction } from './rust-function.ts';
import { Schedules } from './schedules.ts';
import type { Settings } from './settings.ts';
import { StreamPublisher } from './stream-publisher.ts';
import { ShopTable } from './table.ts';
import { WorkQueue } from './work-queue.ts';

export interface ShippingServiceProps {
  readonly settings: Settings;
  readonly bus: IEventBus;
  /** Id of the app client whose tokens are accepted. */
  readonly tokenClient: string;
}

/** A message: the shipment, and the schedule for its next step. */
const CALLS = 2;

/**
 * Shipments: requested by commands, moved by a carrier that EventBridge schedules trigger,
 * published as they progress.
 */
export class ShippingService extends Construct {
  /** The queue that takes commands to ship a parcel, or to cancel it. */
  readonly commands: WorkQueue;

  constructor(scope: Construct, id: string, { settings, bus, tokenClient }: ShippingServiceProps) {
    super(scope, id);
    Tags.of(this).add('service', 'shipping');

    const shipments = new ShopTable(this, 'Shipments', {
      settings,
      name: 'shipment',
      partitionKey: 'orderId',
      timeToLive: 'expiresAt',
      // Not the old image: it would repeat the address after the parcel was delivered.
      stream: StreamViewType.NEW_IMAGE,
    });
    const reminders = new WorkQueue(this, 'Reminders', { name: 'shipping-carrier', callsInSequence: CALLS });
    const schedules = new Schedules(this, 'Schedules', { deadLetters: reminders.deadLetters });
    schedules.sendTo(reminders.queue);

    const handler = new ApiFunction(this, 'Api', {
      settings,
      tokenClient,
      service: 'shipping',
      name: 'shipping-api',
      callsInSequence: 1,
      environment: { SHIPMENT_TABLE: shipments.tableName },
    });
    handler.allow(shipments.tableArn, 'dynamodb:GetItem');

    const environment = {
      SHIPMENT_TABLE: shipments.tableName,
      CARRIER_PACE_SECONDS: String(settings.carrierPaceSeconds),
    };
    const commands = new RustFunction(this, 'Commands', {
      settings, service: 'shipping', name: 'shipping-on-command', callsInSequence: CALLS, environment,
    });
    commands.allow(shipments.tableArn, 'dynamodb:PutItem', 'dynamodb:UpdateItem');
    schedules.allowCreation(commands, reminders.queue.queueArn);
    this.commands = new WorkQueue(this, 'Asked', { name: commands.name, callsInSequence: CALLS });
    this.commands.feed(commands);

    const carrier = new RustFunction(this, 'Carrier', {
      settings, service: 'shipping', name: 'shipping-carrier', callsInSequence: CALLS, environment,
    });
    carrier.allow(shipments.tableArn, 'dynamodb:UpdateItem');
    schedules.allowCreation(carrier, reminders.queue.queueArn);
    reminders.feed(carrier);

    new StreamPublisher(this, 'ShipmentEvents', {
      settings,
      service: 'shipping',
      name: 'shipping-publisher',
      table: shipments,
      bus,
      quarantine: failureQueue(this, 'shipping'),
      // The expiry of a shipment without a parcel is no event.
      changes: ['INSERT', 'MODIFY'],
    });
  }
}
