import { Duration } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { EventSourceMapping, FilterCriteria, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Construct } from 'constructs';
import { RustFunction } from './rust-function.ts';
import type { Settings } from './settings.ts';
import { WorkQueue } from './work-queue.ts';

/**
 * PutEvents, PutEvents again for refused entries, and SendMessageBatch to the retry queue for the
 * rest.
 */
const CALLS = 3;

export interface StreamPublisherProps {
  readonly settings: Settings;
  readonly service: string;
  readonly name: string;
  readonly table: Table;
  readonly bus: IEventBus;
  /** Kinds of change that the function receives; all of them when left out. */
  readonly changes?: ('INSERT' | 'MODIFY' | 'REMOVE')[];
  /** Environment of the function, besides the bus and its retry queue. */
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * A function that publishes a table's changes to the bus, so that no service needs a dual write.
 *
 * A record that cannot be published goes to the function's own retry queue. The records behind it
 * do not wait. Retries of a queue are counted and visible; retries of a shard block it.
 */
export class StreamPublisher extends Construct {
  constructor(scope: Construct, id: string, props: StreamPublisherProps) {
    super(scope, id);
    const { settings, table, bus, name } = props;
    const retries = new WorkQueue(this, 'Retries', { name: `${name}-retry`, callsInSequence: CALLS });
    const publisher = new RustFunction(this, 'Publisher', {
      settings,
      name,
      service: props.service,
      callsInSequence: CALLS,
      environment: { EVENT_BUS: bus.eventBusName, RETRY_QUEUE_URL: retries.queue.queueUrl, ...props.environment },
    });
    publisher.allowEvents(bus);
    publisher.allow(retries.queue.queueArn, 'sqs:SendMessage');
    retries.feed(publisher);

    const streamArn = table.tableStreamArn!;
    publisher.allow(streamArn, 'dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator');
    // ListStreams supports no narrower resource than all streams of a table.
    publisher.allow(`${table.tableArn}/stream/*`, 'dynamodb:ListStreams');
    new EventSourceMapping(this, 'Stream', {
      target: publisher,
      eventSourceArn: streamArn,
      // From the start of the stream, so that changes made before the mapping is ready are
      // published.
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: 100,
      filters: props.changes && [FilterCriteria.filter({ eventName: props.changes })],
      bisectBatchOnError: true,
      reportBatchItemFailures: true,
      maxRecordAge: Duration.hours(24),
      onFailure: new SqsDlq(retries.deadLetters),
    });
  }
}
