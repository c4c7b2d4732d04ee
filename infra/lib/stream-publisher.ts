import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { EventSourceMapping, FilterCriteria, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { RustFunction } from './rust-function.ts';
import type { Settings } from './settings.ts';

/** PutEvents, PutEvents again for refused entries, and SendMessage for records to quarantine. */
const CALLS = 3;

export interface StreamPublisherProps {
  readonly settings: Settings;
  readonly service: string;
  readonly name: string;
  readonly table: Table;
  readonly bus: IEventBus;
  /** Takes the records that cannot be translated. No function reads it. */
  readonly quarantine: Queue;
  /** Kinds of change that the function receives; all of them when left out. */
  readonly changes?: ('INSERT' | 'MODIFY' | 'REMOVE')[];
  /** Environment of the function, besides the bus and the quarantine. */
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * A function that publishes a table's changes to the bus, so that no service needs a dual write.
 *
 * The stream redelivers records that cannot be published, and all later ones, within its 24 hours.
 * Nothing is polled besides the stream, which Lambda polls for free.
 */
export class StreamPublisher extends Construct {
  readonly publisher: RustFunction;

  constructor(scope: Construct, id: string, props: StreamPublisherProps) {
    super(scope, id);
    const { settings, table, bus, name, quarantine } = props;
    const publisher = new RustFunction(this, 'Publisher', {
      settings,
      name,
      service: props.service,
      callsInSequence: CALLS,
      environment: { EVENT_BUS: bus.eventBusName, QUARANTINE_QUEUE_URL: quarantine.queueUrl, ...props.environment },
    });
    publisher.allowEvents(bus);
    publisher.allow(quarantine.queueArn, 'sqs:SendMessage');
    this.publisher = publisher;

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
      // Attempts are unlimited. A batch that fails is halved, so that the records before the one
      // that fails are done.
      bisectBatchOnError: true,
      reportBatchItemFailures: true,
    });
  }
}
