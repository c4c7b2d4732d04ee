import { SubscriptionFilter, Topic } from 'aws-cdk-lib/aws-sns';
import { LambdaSubscription, SqsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { EventSubscription } from './event-subscription.ts';
import { failureQueue } from './failure-queue.ts';
import { publish } from './outputs.ts';
import { RustFunction } from './rust-function.ts';
import { ServiceStack } from './service-stack.ts';
import { WorkQueue } from './work-queue.ts';

/** Events on the topic: the progress of each order. Cancellation requests concern ordering only. */
export const ORDER_EVENTS = [
  'OrderPlaced', 'OrderStockReserved', 'OrderPaid', 'OrderShipped', 'OrderDelivered', 'OrderRejected', 'OrderCancelled',
] as const;

export type OrderEventName = (typeof ORDER_EVENTS)[number];

/** Under these names the ordering service provides the topic and the rule that feeds it to other stacks. */
const TOPIC = 'order-topic-arn';
const RULE = 'order-topic-rule-arn';

/**
 * Order events for subscribers inside and outside the shop.
 *
 * An EventBridge rule could publish to a topic directly, but without the message attributes that
 * subscriptions filter by.
 */
export class OrderTopic extends Construct {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const stack = ServiceStack.of(this);
    const topic = new Topic(this, 'Topic', { enforceSSL: true });
    stack.provide(TOPIC, topic.topicArn);
    const relay = new RustFunction(this, 'Publisher', {
      name: 'ordering-topic-relay',
      callsInSequence: 1,
      environment: { ORDER_TOPIC_ARN: topic.topicArn },
    });
    relay.allow(topic.topicArn, 'sns:Publish');
    const events = new EventSubscription(this, 'Events', {
      sources: ['shop.ordering'], detailTypes: [...ORDER_EVENTS], consumer: relay,
    });
    stack.provide(RULE, events.rule.ruleArn);
  }
}

export interface TopicSubscriptionProps {
  readonly consumer: RustFunction;
  /** Events that the consumer receives; all of them when left out. */
  readonly events?: readonly OrderEventName[];
}

/**
 * Delivers order events from the topic to a function, as `EventSubscription` delivers those of the
 * bus. The function reads them alike.
 */
export class TopicSubscription extends Construct {
  constructor(scope: Construct, id: string, { consumer, events }: TopicSubscriptionProps) {
    super(scope, id);
    const stack = ServiceStack.of(this);
    const topic = Topic.fromTopicArn(this, 'Topic', stack.valueOf('ordering', TOPIC));
    const options = {
      deadLetterQueue: failureQueue(this),
      ...(events && { filterPolicy: { type: SubscriptionFilter.stringFilter({ allowlist: [...events] }) } }),
    };
    // Also where events are queued, as `EventSubscription` has it.
    consumer.retryAsynchronousEvents();
    if (stack.settings.delivery === 'queued') {
      const { queue } = WorkQueue.of(consumer);
      // Without the SNS envelope, messages are like those of a rule.
      topic.addSubscription(new SqsSubscription(queue, { ...options, rawMessageDelivery: true }));
    } else {
      topic.addSubscription(new LambdaSubscription(consumer, options));
    }
    publish(this, 'Rule', `${stack.service}-${id}`, stack.valueOf('ordering', RULE));
  }
}
