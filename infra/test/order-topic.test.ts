import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Template } from 'aws-cdk-lib/assertions';
import { TopicSubscription, ORDER_EVENTS, type OrderEventName } from '../constructs/order-topic.ts';
import { RustFunction } from '../constructs/rust-function.ts';
import { ServiceStack } from '../constructs/service-stack.ts';
import { readSettings } from '../settings.ts';
import { type Delivery, deliveriesOf, sendersTo } from './deliveries.ts';
import {
  allowedTo, app, type Context, functionNamed, functionsDirectory, list, only, propertiesOf, resources, type Statement, synthesize, target,
} from './template.ts';

const shop = synthesize();
const queued = synthesize({ delivery: 'queued' });

/** The subscriptions of a template, each with its consumer's name. */
function subscriptionsOf(template: Template): Map<string, Delivery> {
  return new Map(deliveriesOf(template).filter(({ principal }) => principal.Service === 'sns.amazonaws.com')
    .map((delivery) => [delivery.consumer, delivery]));
}

/** What the topic may send to a queue. */
function allowances(template: Template, queueId: string): Statement[] {
  return sendersTo(template, queueId).filter(({ Principal }) => (Principal as any).Service === 'sns.amazonaws.com');
}

/**
 * The consumer is invoked by its topic only, or consumes a queue that takes messages from its topic
 * only. What cannot be delivered goes to the same queue as what cannot be handled.
 */
function assertDelivered(template: Template, { functionId, queue, deadLetterQueue, properties, source }: Delivery): void {
  if (queue === undefined) {
    assert.equal(properties.Protocol, 'lambda');
    const permissions = propertiesOf(template, 'AWS::Lambda::Permission').filter(({ FunctionName }) => target(FunctionName) === functionId);
    assert.deepEqual(permissions.map(({ Principal, SourceArn }) => [Principal, SourceArn]), [['sns.amazonaws.com', source]]);
    const [configuration] = propertiesOf(template, 'AWS::Lambda::EventInvokeConfig').filter(({ FunctionName }) => target(FunctionName) === functionId);
    assert.equal(target(configuration.DestinationConfig.OnFailure.Destination), deadLetterQueue, 'one place to look');
  } else {
    assert.equal(properties.Protocol, 'sqs');
    assert.equal(properties.RawMessageDelivery, true);
    const { RedrivePolicy } = resources(template, 'AWS::SQS::Queue')[queue]!.Properties;
    assert.equal(target(RedrivePolicy.deadLetterTargetArn), deadLetterQueue, 'one place to look');
    assert.equal(sendersTo(template, queue).length, 1, queue);
  }
  for (const id of [queue, deadLetterQueue].filter((id) => id !== undefined)) {
    const allowed = allowances(template, id);
    assert.equal(allowed.length, 1, id);
    assert.equal(allowed[0]!.Action, 'sqs:SendMessage');
    assert.deepEqual(allowed[0]!.Condition, { ArnEquals: { 'aws:SourceArn': source } });
  }
}

describe('the topic of order events', () => {
  test('gets the events of orders, except those for ordering alone', () => {
    const rules = deliveriesOf(shop).filter(({ consumer }) => consumer === 'ordering-topic-relay');
    assert.equal(rules.length, 1);
    assert.deepEqual(rules[0]!.properties.EventPattern, { source: ['shop.ordering'], 'detail-type': [...ORDER_EVENTS] });
    assert.ok(!ORDER_EVENTS.includes('OrderCancellationRequested' as OrderEventName));
  });

  test('has one publisher, which may do nothing else', () => {
    const [topic] = only(shop, 'AWS::SNS::Topic');
    const publishers = Object.entries(resources(shop, 'AWS::Lambda::Function')).flatMap(([id, { Properties }]) => allowedTo(shop, id)
      .filter(({ Action }) => list(Action).some((action) => action.startsWith('sns:')))
      .map(({ Action, Resource }) => [Properties.Handler, Action, target(Resource)]));
    assert.deepEqual(publishers, [['ordering-topic-relay', 'sns:Publish', topic]]);
  });

  test('refuses plain HTTP, and lets in nobody but by their own permissions', () => {
    const [, policy] = only(shop, 'AWS::SNS::TopicPolicy');
    const statements = policy.Properties.PolicyDocument.Statement as Statement[];
    assert.deepEqual(statements.map(({ Effect, Condition }) => [Effect, Condition]), [
      ['Deny', { Bool: { 'aws:SecureTransport': 'false' } }],
    ]);
  });
});

describe('subscriptions', () => {
  for (const [delivery, template] of [['direct', shop], ['queued', queued]] as const) {
    const all = subscriptionsOf(template);

    test(`each has one consumer, which only the topic may reach, and a dead-letter queue: ${delivery}`, () => {
      assert.deepEqual([...all.keys()].sort(), ['audit-on-order', 'notification-on-order', 'realtime-on-order']);
      for (const subscription of all.values()) {
        assert.equal(subscription.queue !== undefined, delivery === 'queued');
        assertDelivered(template, subscription);
      }
    });

    test(`mails are written of what customers wait for, and the audit and pages receive everything: ${delivery}`, () => {
      assert.deepEqual(all.get('notification-on-order')!.properties.FilterPolicy, {
        type: ['OrderPlaced', 'OrderPaid', 'OrderShipped', 'OrderDelivered', 'OrderRejected', 'OrderCancelled'],
      });
      for (const consumer of ['audit-on-order', 'realtime-on-order']) {
        assert.equal(all.get(consumer)!.properties.FilterPolicy, undefined);
        assert.equal(all.get(consumer)!.properties.FilterPolicyScope, undefined);
      }
    });
  }

  for (const delivery of ['direct', 'queued']) {
    test(`anybody can have one with a call, as docs/consumers.md shows: ${delivery}`, () => {
      const values: Context = { functions: functionsDirectory(['loyalty']), delivery };
      const stack = new ServiceStack(app(), 'loyalty', { settings: readSettings((name) => values[name]), env: {} });
      const points = new RustFunction(stack, 'Points', { name: 'loyalty-points', callsInSequence: 1, environment: {} });
      new TopicSubscription(stack, 'Subscription', { consumer: points, events: ['OrderDelivered'] });
      const template = Template.fromStack(stack);
      const subscription = subscriptionsOf(template).get('loyalty-points')!;
      assert.equal(subscription.queue !== undefined, delivery === 'queued');
      assertDelivered(template, subscription);
      assert.deepEqual(subscription.properties.FilterPolicy, { type: ['OrderDelivered'] });
    });
  }
});

describe('mail', () => {
  /** A mail waits for its contact, if that comes later. */
  const WRITERS = ['notification-on-order', 'notification-on-checkout'];

  /** The sender that a function knows, and what it may do with SES. */
  const sending = (template: Template, name: string) => {
    const id = functionNamed(template, name);
    return {
      sender: resources(template, 'AWS::Lambda::Function')[id]!.Properties.Environment.Variables.MAIL_SENDER,
      sends: allowedTo(template, id).filter(({ Action }) => list(Action).some((action) => action.startsWith('ses:'))),
    };
  };

  test('is only kept unless the stage has a sender', () => {
    for (const name of WRITERS) assert.deepEqual(sending(shop, name), { sender: undefined, sends: [] });
  });

  test('is sent from the one address that was given, to anybody', () => {
    for (const name of WRITERS) {
      const { sender, sends } = sending(synthesize({ services: 'notification', mailSender: 'shop@example.com' }), name);
      assert.equal(sender, 'shop@example.com');
      assert.equal(sends.length, 1);
      const [{ Action, Resource, Condition }] = sends as [any];
      assert.equal(Action, 'ses:SendEmail');
      // While an account is in the sandbox, SES authorizes the identities of recipients as well.
      assert.match(JSON.stringify(Resource), /:identity\/\*"/);
      assert.deepEqual(Condition, { StringEquals: { 'ses:FromAddress': 'shop@example.com' } });
    }
  });
});

test('nothing in the audit can be removed or changed in part', () => {
  const table = target(shop.findOutputs('TableAudit').TableAudit!.Value)!;
  const granted = Object.entries(resources(shop, 'AWS::Lambda::Function')).flatMap(([id, { Properties }]) => allowedTo(shop, id)
    .filter(({ Resource }) => list(Resource).some((one) => target(one) === table))
    .map(({ Action }) => [Properties.Handler, Action]));
  assert.deepEqual(granted.sort(), [['audit-api', 'dynamodb:Query'], ['audit-on-order', 'dynamodb:PutItem']]);
  assert.equal(resources(shop, 'AWS::DynamoDB::Table')[table]!.Properties.TimeToLiveSpecification, undefined);
});
