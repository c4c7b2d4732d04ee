import { StreamViewType } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { provideCommandQueue } from '../../infra/constructs/command-queue.ts';
import { EventSubscription } from '../../infra/constructs/event-subscription.ts';
import { ApiFunction } from '../../infra/constructs/http-function.ts';
import { RustFunction } from '../../infra/constructs/rust-function.ts';
import { Schedules } from '../../infra/constructs/schedules.ts';
import { ServiceStack, type StackContext } from '../../infra/constructs/service-stack.ts';
import { StreamPublisher } from '../../infra/constructs/stream-publisher.ts';
import { ShopTable } from '../../infra/constructs/table.ts';

/** A command or a step: the shipment, and the schedule for its next step. */
const CALLS = 2;

/**
 * Shipments: requested by commands, moved by a carrier that EventBridge schedules trigger,
 * published as they progress.
 */
export class ShippingStack extends ServiceStack {
  constructor(scope: Construct, context: StackContext) {
    super(scope, 'shipping', context);

    const shipments = new ShopTable(this, 'Shipments', {
      name: 'shipment',
      partitionKey: 'orderId',
      timeToLive: 'expiresAt',
      // Not the old image: it would repeat the address after the parcel was delivered.
      stream: StreamViewType.NEW_IMAGE,
    });
    const schedules = new Schedules(this, 'Schedules');

    const handler = new ApiFunction(this, 'Api', {
      name: 'shipping-api',
      callsInSequence: 1,
      environment: { SHIPMENT_TABLE: shipments.tableName },
    });
    handler.allow(shipments.tableArn, 'dynamodb:GetItem');

    const environment = {
      SHIPMENT_TABLE: shipments.tableName,
      CARRIER_PACE_SECONDS: String(this.settings.carrierPaceSeconds),
    };
    const commands = new RustFunction(this, 'Commands', {
      name: 'shipping-on-command', callsInSequence: CALLS, environment,
    });
    commands.allow(shipments.tableArn, 'dynamodb:PutItem', 'dynamodb:UpdateItem');
    schedules.allowCreation(commands);
    provideCommandQueue(commands);

    const carrier = new RustFunction(this, 'Carrier', {
      name: 'shipping-carrier', callsInSequence: CALLS, environment,
    });
    carrier.allow(shipments.tableArn, 'dynamodb:UpdateItem');
    schedules.allowCreation(carrier);
    new EventSubscription(this, 'ParcelSteps', {
      sources: ['shop.shipping'], detailTypes: ['ShipmentStepDue'], consumer: carrier,
    });

    new StreamPublisher(this, 'ShipmentEvents', {
      name: 'shipping-publisher',
      table: shipments,
      // The expiry of a shipment without a parcel is no event.
      changes: ['INSERT', 'MODIFY'],
    });
  }
}
