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
}

/**
 * Delivers events from the bus to a function, through a queue that buffers them while the function
 * is unavailable.
 */
export class EventQueue extends Construct {
  readonly work: WorkQueue;

  constructor(scope: Construct, id: string, props: EventQueueProps) {
    super(scope, id);
    const work = new WorkQueue(this, 'Work', {
      name: props.consumer.name,
      callsInSequence: props.consumer.callsInSequence,
    });
    work.feed(props.consumer);
    this.work = work;
    new Rule(this, 'Rule', {
      eventBus: props.bus,
      description: `${props.sources.join(' and ')} to ${props.consumer.name} (${props.settings.stage})`,
      eventPattern: { source: props.sources, detailType: props.detailTypes },
      // Events that EventBridge cannot deliver go to the same dead-letter queue.
      targets: [new SqsQueue(work.queue, { deadLetterQueue: work.deadLetters })],
    });
  }
}
