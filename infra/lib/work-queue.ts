import { Duration } from 'aws-cdk-lib';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { type Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { alarm } from './alarms.ts';
import { timeoutSeconds, visibilitySeconds } from './call-budget.ts';
import { publish } from './outputs.ts';
import { ShopQueue } from './queue.ts';
import type { RustFunction } from './rust-function.ts';
import type { Settings } from './settings.ts';

/** Attempts before a message goes to the dead-letter queue: enough to sit out six minutes of trouble. */
const MAX_RECEIVES = 10;
/** A message this old means that its consumer has not kept up, or cannot. */
const OLD_SECONDS = 300;

export interface WorkQueueProps {
  readonly settings: Settings;
  /** Name in outputs and tools; the dead-letter queue is `<name>-dlq`. */
  readonly name: string;
  /** `callsInSequence` of the function that will consume it. */
  readonly callsInSequence: number;
}

/** A queue, the dead-letter queue behind it, and alarms for messages that wait too long or land there. */
export class WorkQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, { settings, name, callsInSequence }: WorkQueueProps) {
    super(scope, id);
    this.deadLetters = new ShopQueue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    this.queue = new ShopQueue(this, 'Queue', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      receiveMessageWaitTime: Duration.seconds(20),
      visibilityTimeout: Duration.seconds(visibilitySeconds(timeoutSeconds(callsInSequence))),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: MAX_RECEIVES },
    });
    publish(this, 'Queue', name, this.queue.queueUrl);
    publish(this, 'Queue', `${name}-dlq`, this.deadLetters.queueUrl);

    alarm(this, 'DeadLettersAlarm', {
      description: `Messages that failed ${MAX_RECEIVES} times wait in ${name}-dlq (${settings.stage})`,
      metric: this.deadLetters.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum' }),
      threshold: 0,
    });
    alarm(this, 'AgeAlarm', {
      description: `The oldest message in ${name} is over ${OLD_SECONDS} seconds old (${settings.stage})`,
      metric: this.queue.metricApproximateAgeOfOldestMessage({ statistic: 'Maximum' }),
      threshold: OLD_SECONDS,
    });
  }

  /** Has the function consume the queue, ten messages at a time, answering for each message apart. */
  feed(consumer: RustFunction): void {
    consumer.addEventSource(new SqsEventSource(this.queue, {
      batchSize: 10,
      reportBatchItemFailures: true,
      maxConcurrency: 5,
    }));
  }
}
