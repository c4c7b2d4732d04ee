import { CfnOutput, Duration } from 'aws-cdk-lib';
import { Archive, type EventBus, Match } from 'aws-cdk-lib/aws-events';
import { Construct } from 'constructs';

/**
 * Retention of the archive. A replay publishes archived events unchanged, which has to stay
 * harmless. So the retention is shorter than that of the tombstones of erased customers. It is also
 * shorter than the time for which Step Functions reserves execution names.
 */
export const DAYS_KEPT = 14;

/**
 * Archives the events of the last two weeks, in case a consumer lost or misread some:
 * `cargo xtask replay` publishes them again.
 */
export class EventArchive extends Construct {
  constructor(scope: Construct, id: string, { bus }: { readonly bus: EventBus }) {
    super(scope, id);
    const archive = new Archive(this, 'Archive', {
      sourceEventBus: bus,
      description: `Events of ${DAYS_KEPT} days, without what customers ask for about their own data`,
      eventPattern: {
        // Data collected for an export is kept for one day, and never archived.
        source: Match.anythingBut('shop.privacy'),
        // The answers to such requests hold all data of a customer. A step that is due concerns the
        // shipments of its moment only.
        detailType: Match.anythingBut('CustomerDataCollected', 'CustomerDataErased', 'ShipmentStepDue'),
      },
      retention: Duration.days(DAYS_KEPT),
    });
    new CfnOutput(this, 'ArchiveArn', { value: archive.archiveArn }).overrideLogicalId('ArchiveArn');
    new CfnOutput(this, 'EventBusArn', { value: bus.eventBusArn }).overrideLogicalId('EventBusArn');
  }
}
