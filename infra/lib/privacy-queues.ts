import type { IEventBus } from 'aws-cdk-lib/aws-events';
import type { Construct } from 'constructs';
import { EventQueue } from './event-queue.ts';
import type { RustFunction } from './rust-function.ts';
import type { Settings } from './settings.ts';

export interface PrivacyQueuesProps {
  readonly settings: Settings;
  readonly bus: IEventBus;
  /** Exports a customer's data, and erases it. */
  readonly consumer: RustFunction;
}

/**
 * The queues for privacy requests of a service that stores customer data.
 *
 * An erasure is delayed, so that earlier checkouts are still charged and shipped, and their
 * customer gets the mails.
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
