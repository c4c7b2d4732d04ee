import { CfnOutput, Duration } from 'aws-cdk-lib';
import { Archive, type EventBus, Match } from 'aws-cdk-lib/aws-events';
import { Construct } from 'constructs';

/**
 * Retention of the archive. A replay publishes archived events unchanged, which has to stay
 * harmless. So the retention is shorter than that of the tombstones of erased customers. It is also
 * shorter than the time for which Step Functions reserves execution names.
 */
export const DAYS_KEPT = 14;

// Data collected for an export is kept for one day, and never archived.
const UNARCHIVED_SOURCES = ['shop.privacy'];
// The answers to such requests hold all data of a customer. What is due concerns its moment only.
const UNARCHIVED_TYPES = ['CustomerDataCollected', 'CustomerDataErased', 'ShipmentStepDue', 'WebhookDue'];

/** Whether any of these events can be replayed. */
export function isArchived({ sources, detailTypes }: { readonly sources: string[]; readonly detailTypes: string[] }): boolean {
  return sources.some((source) => !UNARCHIVED_SOURCES.includes(source))
    && detailTypes.some((type) => !UNARCHIVED_TYPES.includes(type));
}

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
        source: Match.anythingBut(...UNARCHIVED_SOURCES), detailType: Match.anythingBut(...UNARCHIVED_TYPES),
      },
      retention: Duration.days(DAYS_KEPT),
    });
    new CfnOutput(this, 'ArchiveArn', { value: archive.archiveArn }).overrideLogicalId('ArchiveArn');
    new CfnOutput(this, 'EventBusArn', { value: bus.eventBusArn }).overrideLogicalId('EventBusArn');
  }
}
