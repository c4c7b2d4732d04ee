import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { type ITopic, SubscriptionFilter, Topic } from 'aws-cdk-lib/aws-sns';
import { SqsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { EventQueue } from './event-queue.ts';
import { RustFunction } from './rust-function.ts';
import type { Settings } from './settings.ts';
import { WorkQueue } from './work-queue.ts';

/** Events on the topic: the progress of each order. Cancellation requests concern ordering only. */
export const ORDER_EVENTS = [
  'OrderPlaced', 'OrderStockReserved', 'OrderPaid', 'OrderShipped', 'OrderDelivered', 'OrderRejected', 'OrderCancelled',
] as const;

export type OrderEventName = (typeof ORDER_EVENTS)[number];

export interface OrderTopicProps {
  readonly settings: Settings;
  readonly bus: IEventBus;
}

/**
 * Order events for subscribers inside and outside the shop.
 *
 * An EventBridge rule could publish to a topic directly, but without the message attributes that
 * subscriptions filter by.
 */
export class OrderTopic extends Construct {
  readonly topic: ITopic;

  constructor(scope: Construct, id: string, { settings, bus }: OrderTopicProps) {
    super(scope, id);
    this.topic = new Topic(this, 'Topic', { enforceSSL: true });
    const publisher = new RustFunction(this, 'Publisher', {
      settings,
      service: 'ordering',
      name: 'ordering-topic-relay',
      callsInSequence: 1,
      environment: { ORDER_TOPIC_ARN: this.topic.topicArn },
    });
    publisher.allow(this.topic.topicArn, 'sns:Publish');
    new EventQueue(this, 'Events', {
      settings, bus, sources: ['shop.ordering'], detailTypes: [...ORDER_EVENTS], consumer: publisher,
    });
  }
}

export interface TopicSubscriptionProps {
  readonly topic: ITopic;
  readonly consumer: RustFunction;
  /** Events that the consumer receives; all of them when left out. */
  readonly events?: readonly OrderEventName[];
}

/**
 * A queue subscribed to the topic, and the function that reads it.
 *
 * Raw message delivery omits the SNS envelope, so the function reads messages like events of the
 * bus. Messages that SNS cannot deliver go to the queue's dead-letter queue.
 */
export class TopicSubscription extends Construct {
  constructor(scope: Construct, id: string, { topic, consumer, events }: TopicSubscriptionProps) {
    super(scope, id);
    const work = new WorkQueue(this, 'Work', { name: consumer.name, callsInSequence: consumer.callsInSequence });
    work.feed(consumer);
    topic.addSubscription(new SqsSubscription(work.queue, {
      rawMessageDelivery: true,
      deadLetterQueue: work.deadLetters,
      ...(events && { filterPolicy: { type: SubscriptionFilter.stringFilter({ allowlist: [...events] }) } }),
    }));
  }
}
