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
  readonly source: string;
  readonly detailTypes: string[];
  readonly consumer: RustFunction;
}

/** Events from the bus to a function, through a queue that keeps them while the function cannot take them. */
export class EventQueue extends Construct {
  constructor(scope: Construct, id: string, props: EventQueueProps) {
    super(scope, id);
    const work = new WorkQueue(this, 'Work', { settings: props.settings, name: props.consumer.binary, callsInSequence: props.consumer.callsInSequence });
    work.feed(props.consumer);
    new Rule(this, 'Rule', {
      eventBus: props.bus,
      description: `${props.source} to ${props.consumer.binary} (${props.settings.stage})`,
      eventPattern: { source: [props.source], detailType: props.detailTypes },
      // Also what EventBridge itself cannot deliver ends where someone looks.
      targets: [new SqsQueue(work.queue, { deadLetterQueue: work.deadLetters })],
    });
  }
}
