import { Duration } from 'aws-cdk-lib';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { timeoutSeconds, visibilitySeconds } from './call-budget.ts';
import { publish } from './outputs.ts';
import { ShopQueue } from './queue.ts';
import type { RustFunction } from './rust-function.ts';

/** Receives before a message goes to the dead-letter queue: enough for an outage of six minutes. */
export const MAX_RECEIVES = 10;

export interface WorkQueueProps {
  /** Name in outputs and tools; the dead-letter queue is `<name>-dlq`. */
  readonly name: string;
  /** `callsInSequence` of its consumer. */
  readonly callsInSequence: number;
}

/** A queue with a dead-letter queue. */
export class WorkQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, { name, callsInSequence }: WorkQueueProps) {
    super(scope, id);
    this.deadLetters = new ShopQueue(this, 'DeadLetters', {
      retentionPeriod: Duration.days(14),
    });
    this.queue = new ShopQueue(this, 'Queue', {
      receiveMessageWaitTime: Duration.seconds(20),
      visibilityTimeout: Duration.seconds(visibilitySeconds(timeoutSeconds(callsInSequence))),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: MAX_RECEIVES },
    });
    publish(this, 'Queue', name, this.queue.queueUrl);
    publish(this, 'Queue', `${name}-dlq`, this.deadLetters.queueUrl);
  }

  /** Makes the function consume the queue, ten messages at a time, with a result per message. */
  feed(consumer: RustFunction): void {
    consumer.addEventSource(new SqsEventSource(this.queue, {
      batchSize: 10,
      reportBatchItemFailures: true,
      maxConcurrency: 5,
    }));
  }
}
