import { Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { publish } from './outputs.ts';
import { ShopQueue } from './queue.ts';
import { ServiceStack } from './service-stack.ts';

/**
 * The queue for everything that a service could not handle: its dead letters.
 *
 * Nothing polls it. Operators read it (`cargo xtask dlq`), and an alarm watches it. Messages arrive
 * from polled queues, asynchronous invocations, rules, subscriptions, schedules and publishers;
 * each says where it comes from, and so how it is redriven.
 */
export function failureQueue(scope: Construct): ShopQueue {
  const stack = ServiceStack.of(scope);
  const known = stack.node.tryFindChild(ID) as ShopQueue | undefined;
  if (known !== undefined) return known;
  const queue = new ShopQueue(stack, ID, { retentionPeriod: Duration.days(14) });
  acknowledge(queue, 'SQS3', 'It is the dead-letter queue of what is not polled: rules, subscriptions, schedules and invocations.');
  publish(stack, 'Queue', `${stack.service}-failures`, queue.queueUrl);
  return queue;
}

const ID = 'Failures';
