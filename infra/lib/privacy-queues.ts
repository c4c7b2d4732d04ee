import type { IEventBus } from 'aws-cdk-lib/aws-events';
import type { Construct } from 'constructs';
import { EventQueue } from './event-queue.ts';
import type { RustFunction } from './rust-function.ts';
import type { Settings } from './settings.ts';

export interface PrivacyQueuesProps {
  readonly settings: Settings;
  readonly bus: IEventBus;
  /** Hands a customer's data over, and forgets whose they were. */
  readonly consumer: RustFunction;
}

/**
 * What customers ask a service that keeps something of theirs.
 *
 * An erasure waits, so that what was checked out before it is charged and shipped, and its customer written to.
 */
export function privacyQueues(scope: Construct, { settings, bus, consumer }: PrivacyQueuesProps): void {
  const ofCustomers = { settings, bus, sources: ['shop.privacy'], consumer };
  new EventQueue(scope, 'Exports', { ...ofCustomers, detailTypes: ['CustomerExportRequested'] });
  new EventQueue(scope, 'Erasures', {
    ...ofCustomers,
    detailTypes: ['CustomerErasureRequested'],
    suffix: '-erasure',
    delaySeconds: settings.erasureDelaySeconds,
  });
}
