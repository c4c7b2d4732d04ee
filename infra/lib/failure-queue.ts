import { Duration, Stack, Tags } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { publish } from './outputs.ts';
import { ShopQueue } from './queue.ts';

/**
 * What a service could not handle, and what was never delivered to it: one queue per service, which
 * no function reads. `cargo xtask dlq` shows, retries and deletes its messages.
 */
export class FailureQueue extends ShopQueue {
  readonly service: string;

  constructor(scope: Construct, id: string, service: string) {
    super(scope, id, { retentionPeriod: Duration.days(14) });
    this.service = service;
    Tags.of(this).add('service', service);
    publish(this, 'Queue', `${service}-failures`, this.queueUrl);
  }
}

/** The failure queue of a service, which its functions share. */
export function failureQueue(scope: Construct, service: string): FailureQueue {
  const stack = Stack.of(scope);
  const id = `${service[0]!.toUpperCase()}${service.slice(1)}Failures`;
  return (stack.node.tryFindChild(id) as FailureQueue | undefined) ?? new FailureQueue(stack, id, service);
}
