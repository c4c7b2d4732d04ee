import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction, SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import { isArchived } from './event-archive.ts';
import { failureQueue } from './failure-queue.ts';
import { publish } from './outputs.ts';
import type { RustFunction } from './rust-function.ts';
import { ServiceStack } from './service-stack.ts';
import { WorkQueue } from './work-queue.ts';

export interface EventSubscriptionProps {
  /** `source` of the events, `shop.<service>`. */
  readonly sources: string[];
  readonly detailTypes: string[];
  readonly consumer: RustFunction;
  /**
   * `queued` for events that somebody waits for and that must outlast hours of trouble, whatever
   * the stage's delivery is.
   */
  readonly delivery?: 'queued';
}

/**
 * Delivers events from the bus to a function: by asynchronous invocation, or through a queue that
 * the function consumes. Where neither succeeds, they wait in the service's failure queue.
 */
export class EventSubscription extends Construct {
  readonly rule: Rule;

  constructor(scope: Construct, id: string, props: EventSubscriptionProps) {
    super(scope, id);
    const { sources, detailTypes, consumer } = props;
    const { settings, bus, service } = ServiceStack.of(this);
    const deadLetterQueue = failureQueue(this);
    const isQueued = (props.delivery ?? settings.delivery) === 'queued';
    // Also where events are queued: those that Lambda accepted before a change of the delivery
    // would have no failure destination.
    if (props.delivery === undefined) consumer.retryAsynchronousEvents();
    this.rule = new Rule(this, 'Rule', {
      eventBus: bus,
      description: `${sources.join(' and ')} to ${consumer.name} (${settings.stage})`,
      eventPattern: { source: sources, detailType: detailTypes },
      targets: [
        isQueued
          ? new SqsQueue(WorkQueue.of(consumer).queue, { deadLetterQueue })
          : new LambdaFunction(consumer, { deadLetterQueue }),
      ],
    });
    // A replay can be limited to it.
    if (isArchived(props)) publish(this, 'Rule', `${service}-${id}`, this.rule.ruleArn);
  }
}
