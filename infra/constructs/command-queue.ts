import type { RustFunction } from './rust-function.ts';
import { ServiceStack } from './service-stack.ts';
import { WorkQueue } from './work-queue.ts';

/**
 * Gives a function the queue from which it takes the commands to its service, and hands the queue
 * to other stacks. It is polled in every stage: the receiver talks to somebody outside, who sets
 * the pace.
 */
export function provideCommandQueue(receiver: RustFunction): void {
  const stack = ServiceStack.of(receiver);
  const { queue } = WorkQueue.of(receiver);
  stack.provide('command-queue-url', queue.queueUrl);
  stack.provide('command-queue-arn', queue.queueArn);
}

/** Where a service takes commands. */
export interface CommandQueue {
  readonly url: string;
  readonly arn: string;
}

/** The command queue that the stack of a service provides. */
export function commandQueueOf(service: string, sender: ServiceStack): CommandQueue {
  return { url: sender.valueOf(service, 'command-queue-url'), arn: sender.valueOf(service, 'command-queue-arn') };
}
