import { Duration } from 'aws-cdk-lib';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { timeoutSeconds, visibilitySeconds } from './call-budget.ts';
import { failureQueue } from './failure-queue.ts';
import { publish } from './outputs.ts';
import { ShopQueue } from './queue.ts';
import type { RustFunction } from './rust-function.ts';

/** Receives before a message goes to the failure queue: enough for an outage of six minutes. */
export const MAX_RECEIVES = 10;

/**
 * A queue that one function consumes, named after it in outputs and tools. Messages that keep
 * failing go to the service's failure queue.
 *
 * Lambda polls it all the time: 648,000 requests a month without a message.
 */
export class WorkQueue extends Construct {
  /** The queue of a function, which all of its subscriptions share. */
  static of(consumer: RustFunction): WorkQueue {
    return (consumer.node.tryFindChild(ID) as WorkQueue | undefined) ?? new WorkQueue(consumer);
  }

  readonly queue: Queue;

  private constructor(consumer: RustFunction) {
    super(consumer, ID);
    this.queue = new ShopQueue(this, 'Queue', {
      receiveMessageWaitTime: Duration.seconds(20),
      visibilityTimeout: Duration.seconds(visibilitySeconds(timeoutSeconds(consumer.callsInSequence))),
      deadLetterQueue: { queue: failureQueue(this), maxReceiveCount: MAX_RECEIVES },
    });
    publish(this, 'Queue', consumer.name, this.queue.queueUrl);
    // Ten messages at a time, with a result for each.
    consumer.addEventSource(new SqsEventSource(this.queue, {
      batchSize: 10,
      reportBatchItemFailures: true,
      maxConcurrency: 5,
    }));
  }
}

const ID = 'Work';
