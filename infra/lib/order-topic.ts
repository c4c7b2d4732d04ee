import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { type ITopic, SubscriptionFilter, Topic } from 'aws-cdk-lib/aws-sns';
import { SqsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { EventQueue } from './event-queue.ts';
import { RustFunction } from './rust-function.ts';
import type { Settings } from './settings.ts';
import { WorkQueue } from './work-queue.ts';

/** What the topic tells: how each order comes along. That a customer asks to cancel one is for ordering alone. */
export const ORDER_FACTS = [
  'OrderPlaced', 'OrderStockReserved', 'OrderPaid', 'OrderShipped', 'OrderDelivered', 'OrderRejected', 'OrderCancelled',
] as const;

export type OrderFact = (typeof ORDER_FACTS)[number];

export interface OrderTopicProps {
  readonly settings: Settings;
  readonly bus: IEventBus;
}

/**
 * The facts of orders for whoever subscribes, inside the shop or out of it.
 *
 * EventBridge could send them to a topic by itself, but without the attributes that subscriptions are filtered by.
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
    new EventQueue(this, 'Facts', {
      settings, bus, sources: ['shop.ordering'], detailTypes: [...ORDER_FACTS], consumer: publisher,
    });
  }
}

export interface FactSubscriptionProps {
  readonly topic: ITopic;
  readonly consumer: RustFunction;
  /** Facts that the consumer wants; all of them when left out. */
  readonly facts?: readonly OrderFact[];
}

/**
 * A queue of one's own on the topic, and a function that reads it.
 *
 * Messages come as they were published, without an envelope of SNS, so the function reads them like events of the bus. What
 * SNS cannot deliver waits in the dead-letter queue of the same queue.
 */
export class FactSubscription extends Construct {
  constructor(scope: Construct, id: string, { topic, consumer, facts }: FactSubscriptionProps) {
    super(scope, id);
    const work = new WorkQueue(this, 'Work', { name: consumer.name, callsInSequence: consumer.callsInSequence });
    work.feed(consumer);
    topic.addSubscription(new SqsSubscription(work.queue, {
      rawMessageDelivery: true,
      deadLetterQueue: work.deadLetters,
      ...(facts && { filterPolicy: { type: SubscriptionFilter.stringFilter({ allowlist: [...facts] }) } }),
    }));
  }
}
