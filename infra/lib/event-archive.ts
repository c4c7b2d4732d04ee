import { CfnOutput, Duration } from 'aws-cdk-lib';
import { Archive, type EventBus, Match } from 'aws-cdk-lib/aws-events';
import { Construct } from 'constructs';

/**
 * What the archive keeps is told again as it was. That is to be harmless for as long: shorter than the gravestones of what was
 * forgotten, and than Step Functions knows the names of executions.
 */
export const DAYS_KEPT = 14;

/** The facts of the last two weeks, for when a consumer has lost or misread some: `cargo xtask replay` tells them again. */
export class EventArchive extends Construct {
  constructor(scope: Construct, id: string, { bus }: { readonly bus: EventBus }) {
    super(scope, id);
    const archive = new Archive(this, 'Archive', {
      sourceEventBus: bus,
      description: `Facts of ${DAYS_KEPT} days, without what customers ask for about their own data`,
      eventPattern: {
        // What was collected for an export is kept for a day, and not here.
        source: Match.anythingBut('shop.privacy'),
        // What answers such requests holds all that is known of somebody.
        detailType: Match.anythingBut('CustomerDataCollected', 'CustomerDataErased'),
      },
      retention: Duration.days(DAYS_KEPT),
    });
    new CfnOutput(this, 'ArchiveArn', { value: archive.archiveArn }).overrideLogicalId('ArchiveArn');
    new CfnOutput(this, 'EventBusArn', { value: bus.eventBusArn }).overrideLogicalId('EventBusArn');
  }
}
