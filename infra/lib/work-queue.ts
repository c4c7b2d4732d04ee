import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { timeoutSeconds, visibilitySeconds } from './call-budget.ts';
import { publish } from './outputs.ts';
import type { RustFunction } from './rust-function.ts';
import type { Settings } from './settings.ts';

/** Attempts before a message goes to the dead-letter queue. */
const MAX_RECEIVES = 5;

export interface WorkQueueProps {
  readonly settings: Settings;
  /** Name in outputs and tools; the dead-letter queue is `<name>-dlq`. */
  readonly name: string;
  /** `callsInSequence` of the function that will consume it. */
  readonly callsInSequence: number;
}

/** A queue, the dead-letter queue behind it, and an alarm for the first message that lands there. */
export class WorkQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, { settings, name, callsInSequence }: WorkQueueProps) {
    super(scope, id);
    this.deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    this.queue = new Queue(this, 'Queue', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      receiveMessageWaitTime: Duration.seconds(20),
      visibilityTimeout: Duration.seconds(visibilitySeconds(timeoutSeconds(callsInSequence))),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: MAX_RECEIVES },
    });
    publish(this, 'Queue', name, this.queue.queueUrl);
    publish(this, 'Queue', `${name}-dlq`, this.deadLetters.queueUrl);

    new Alarm(this, 'DeadLettersAlarm', {
      alarmDescription: `Messages that failed ${MAX_RECEIVES} times wait in ${name}-dlq (${settings.stage})`,
      metric: this.deadLetters.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum' }),
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: 0,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
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
