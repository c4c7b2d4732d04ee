import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { EventSourceMapping, FilterCriteria, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { failureQueue } from './failure-queue.ts';
import { RustFunction } from './rust-function.ts';

/** PutEvents, PutEvents again for refused entries, and SendMessage for records to quarantine. */
const CALLS = 3;

export interface StreamPublisherProps {
  /** Name of the function. */
  readonly name: string;
  readonly table: Table;
  /** Kinds of change that the function receives; all of them when left out. */
  readonly changes?: ('INSERT' | 'MODIFY' | 'REMOVE')[];
  /** Environment of the function, besides the bus and its failure queue. */
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * A function that publishes a table's changes to the bus, so that no service needs a dual write.
 *
 * The stream waits until its records are published, for as long as it keeps them: 24 hours. A
 * record that the function cannot translate would block it; the function sends such a record to
 * the failure queue.
 */
export class StreamPublisher extends Construct {
  constructor(scope: Construct, id: string, { name, table, changes, environment }: StreamPublisherProps) {
    super(scope, id);
    const failures = failureQueue(this);
    const publisher = new RustFunction(this, 'Publisher', {
      name, callsInSequence: CALLS, environment: { QUARANTINE_QUEUE_URL: failures.queueUrl, ...environment },
    });
    publisher.allowEvents();
    publisher.allow(failures.queueArn, 'sqs:SendMessage');

    const streamArn = table.tableStreamArn!;
    publisher.allow(streamArn, 'dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator');
    const streams = `${table.tableArn}/stream/*`;
    publisher.allow(streams, 'dynamodb:ListStreams');
    acknowledge(publisher.role, `IAM5[Resource::${streams}]`, 'ListStreams supports no narrower resource than all streams of a table.');
    new EventSourceMapping(this, 'Stream', {
      target: publisher,
      eventSourceArn: streamArn,
      // From the start of the stream, so that changes made before the mapping is ready are
      // published.
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: 100,
      filters: changes && [FilterCriteria.filter({ eventName: changes })],
      bisectBatchOnError: true,
      reportBatchItemFailures: true,
    });
  }
}
