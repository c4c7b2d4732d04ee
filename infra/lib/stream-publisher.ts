import { Duration } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { EventSourceMapping, FilterCriteria, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Construct } from 'constructs';
import { RustFunction } from './rust-function.ts';
import type { Settings } from './settings.ts';
import { WorkQueue } from './work-queue.ts';

/** PutEvents, once more for what was refused of it, and the retry queue for what was refused again. */
const CALLS = 3;

export interface StreamPublisherProps {
  readonly settings: Settings;
  readonly service: string;
  readonly name: string;
  readonly table: Table;
  readonly bus: IEventBus;
  /** Kinds of change the function wants; all of them when left out. */
  readonly changes?: ('INSERT' | 'MODIFY' | 'REMOVE')[];
  /** What the function is told beside the bus and its retry queue. */
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * A function that publishes a table's changes to the bus, so that no service ever writes twice.
 *
 * A record that cannot be published goes to the function's own retry queue: the records behind it do not wait, and
 * its retries are those of a queue, counted and visible, not those of a shard, which block.
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
    publisher.allowFacts(bus);
    publisher.allow(retries.queue.queueArn, 'sqs:SendMessage');
    retries.feed(publisher);

    const streamArn = table.tableStreamArn!;
    publisher.allow(streamArn, 'dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator');
    // ListStreams is asked of all streams of a table, there is no narrower resource.
    publisher.allow(`${table.tableArn}/stream/*`, 'dynamodb:ListStreams');
    new EventSourceMapping(this, 'Stream', {
      target: publisher,
      eventSourceArn: streamArn,
      // The whole stream, so that a change made before the mapping is ready is published as well.
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
