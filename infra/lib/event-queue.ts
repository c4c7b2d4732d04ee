import { type IEventBus, Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import type { RustFunction } from './rust-function.ts';
import type { Settings } from './settings.ts';
import { WorkQueue } from './work-queue.ts';

export interface EventQueueProps {
  readonly settings: Settings;
  readonly bus: IEventBus;
  /** `source` of the events, `shop.<service>`. */
  readonly sources: string[];
  readonly detailTypes: string[];
  readonly consumer: RustFunction;
  /** Of a consumer's second queue: what its name ends in. */
  readonly suffix?: string;
  /** How long each event waits before the consumer may have it. */
  readonly delaySeconds?: number;
}

/** Events from the bus to a function, through a queue that keeps them while the function cannot take them. */
export class EventQueue extends Construct {
  constructor(scope: Construct, id: string, props: EventQueueProps) {
    super(scope, id);
    const work = new WorkQueue(this, 'Work', {
      name: props.consumer.name + (props.suffix ?? ''),
      callsInSequence: props.consumer.callsInSequence,
      delaySeconds: props.delaySeconds,
    });
    work.feed(props.consumer);
    new Rule(this, 'Rule', {
      eventBus: props.bus,
      description: `${props.sources.join(' and ')} to ${props.consumer.name} (${props.settings.stage})`,
      eventPattern: { source: props.sources, detailType: props.detailTypes },
      // Also what EventBridge itself cannot deliver ends where someone looks.
      targets: [new SqsQueue(work.queue, { deadLetterQueue: work.deadLetters })],
    });
  }
}
