import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { TopicSubscription, ORDER_EVENTS, type OrderEventName } from '../constructs/order-topic.ts';
import { RustFunction } from '../constructs/rust-function.ts';
import { ServiceStack } from '../constructs/service-stack.ts';
import { readSettings } from '../settings.ts';
import { functionsDirectory, list, resources, type Statement, statementsOf, synthesize, target } from './template.ts';

const shop = synthesize({ delivery: 'queued' });

/** The subscriptions of a template by the name of the function that reads their queue. */
function subscriptions(template: Template): Map<string, any> {
  const functions = resources(template, 'AWS::Lambda::Function');
  const mappings = Object.values(resources(template, 'AWS::Lambda::EventSourceMapping'));
  return new Map(Object.values(resources(template, 'AWS::SNS::Subscription')).map(({ Properties }) => {
    const readers = mappings.filter((mapping) => target(mapping.Properties.EventSourceArn) === target(Properties.Endpoint));
    assert.equal(readers.length, 1, 'each subscription has a queue of its own, and each queue one reader');
    const { Description } = functions[target(readers[0]!.Properties.FunctionName)!]!.Properties;
    return [Description.split(' ')[1], Properties];
  }));
}

function allowances(template: Template, queueId: string): Statement[] {
  return Object.values(resources(template, 'AWS::SQS::QueuePolicy'))
    .filter(({ Properties }) => Properties.Queues.some((queue: unknown) => target(queue) === queueId))
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement as Statement[])
    .filter(({ Effect, Resource }) => Effect === 'Allow' && list(Resource).some((one) => target(one) === queueId));
}

/** A queue that accepts messages from its topic only, and its dead-letter queue, too. */
function assertDelivered(template: Template, subscription: any): void {
  const queues = resources(template, 'AWS::SQS::Queue');
  const queue = target(subscription.Endpoint)!;
  const deadLetters = target(subscription.RedrivePolicy.deadLetterTargetArn)!;
  assert.equal(target(queues[queue]!.Properties.RedrivePolicy.deadLetterTargetArn), deadLetters, 'one place to look');
  assert.equal(subscription.Protocol, 'sqs');
  assert.equal(subscription.RawMessageDelivery, true);
  for (const id of [queue, deadLetters]) {
    const allowed = allowances(template, id);
    assert.equal(allowed.length, 1, id);
    assert.equal(allowed[0]!.Action, 'sqs:SendMessage');
    assert.deepEqual(allowed[0]!.Principal, { Service: 'sns.amazonaws.com' });
    assert.deepEqual(allowed[0]!.Condition, { ArnEquals: { 'aws:SourceArn': subscription.TopicArn } });
  }
}

describe('the topic of order events', () => {
  test('is told what becomes of orders, and not what is for ordering alone', () => {
    const rules = Object.values(resources(shop, 'AWS::Events::Rule'))
      .filter(({ Properties }) => Properties.Description.includes('ordering-topic-relay'));
    assert.equal(rules.length, 1);
    assert.deepEqual(rules[0]!.Properties.EventPattern, { source: ['shop.ordering'], 'detail-type': [...ORDER_EVENTS] });
    assert.ok(!ORDER_EVENTS.includes('OrderCancellationRequested' as OrderEventName));
  });

  test('has one publisher, which may do nothing else', () => {
    const topics = Object.keys(resources(shop, 'AWS::SNS::Topic'));
    assert.equal(topics.length, 1);
    const publishers = Object.values(resources(shop, 'AWS::Lambda::Function')).flatMap(({ Properties }) =>
      statementsOf(shop, target(Properties.Role)!)
        .filter(({ Action }) => list(Action).some((action) => action.startsWith('sns:')))
        .map(({ Action, Resource }) => [Properties.Description.split(' ')[1], Action, target(Resource)]));
    assert.deepEqual(publishers, [['ordering-topic-relay', 'sns:Publish', topics[0]]]);
  });

  test('refuses plain HTTP, and lets in nobody but by their own permissions', () => {
    const [policy, ...others] = Object.values(resources(shop, 'AWS::SNS::TopicPolicy'));
    assert.equal(others.length, 0);
    const statements = policy!.Properties.PolicyDocument.Statement as Statement[];
    assert.deepEqual(statements.map(({ Effect, Condition }) => [Effect, Condition]), [
      ['Deny', { Bool: { 'aws:SecureTransport': 'false' } }],
    ]);
  });
});

describe('subscriptions', () => {
  const all = subscriptions(shop);

  test('each has a queue of its own, which only the topic may send to, and a dead-letter queue', () => {
    assert.ok(all.size >= 2);
    for (const subscription of all.values()) assertDelivered(shop, subscription);
  });

  test('mails are written of what customers wait for, and the audit is told everything', () => {
    assert.deepEqual(all.get('notification-on-order').FilterPolicy, {
      type: ['OrderPlaced', 'OrderPaid', 'OrderShipped', 'OrderDelivered', 'OrderRejected', 'OrderCancelled'],
    });
    assert.equal(all.get('audit-on-order').FilterPolicy, undefined);
    assert.equal(all.get('audit-on-order').FilterPolicyScope, undefined);
  });

  test('anybody can have one with a call, as docs/consumers.md shows', () => {
    const values: Record<string, string> = { functions: functionsDirectory(['loyalty']), delivery: 'queued' };
    const stack = new ServiceStack(new App(), 'loyalty', { settings: readSettings((name) => values[name]), env: {} });
    const points = new RustFunction(stack, 'Points', { name: 'loyalty-points', callsInSequence: 1, environment: {} });
    new TopicSubscription(stack, 'Subscription', { consumer: points, events: ['OrderDelivered'] });
    const template = Template.fromStack(stack);
    const subscription = subscriptions(template).get('loyalty-points');
    assertDelivered(template, subscription);
    assert.deepEqual(subscription.FilterPolicy, { type: ['OrderDelivered'] });
  });
});

describe('mail', () => {
  const actions = (template: Template, binary: string) => {
    const [{ Properties }] = Object.values(resources(template, 'AWS::Lambda::Function'))
      .filter((one) => one.Properties.Description.split(' ')[1] === binary) as [any];
    return {
      sender: Properties.Environment.Variables.MAIL_SENDER,
      statements: statementsOf(template, target(Properties.Role)!),
    };
  };
  const allowed = (template: Template, binary: string, prefix: string) => actions(template, binary).statements
    .flatMap(({ Action }) => list(Action)).filter((action) => action.startsWith(prefix)).sort();

  test('is only kept unless the stage has a sender', () => {
    assert.equal(actions(shop, 'notification-on-order').sender, undefined);
    assert.deepEqual(allowed(shop, 'notification-on-order', 'ses:'), []);
  });

  test('is sent from the one address that was given, to anybody', () => {
    const sending = synthesize({ mailSender: 'shop@example.com' });
    const { sender, statements } = actions(sending, 'notification-on-order');
    assert.equal(sender, 'shop@example.com');
    const sends = statements.filter(({ Action }) => list(Action).some((action) => action.startsWith('ses:')));
    assert.equal(sends.length, 1);
    const [{ Action, Resource, Condition }] = sends as [any];
    assert.equal(Action, 'ses:SendEmail');
    // While an account is in the sandbox, SES authorizes the identities of recipients as well.
    assert.match(JSON.stringify(Resource), /:identity\/\*"/);
    assert.deepEqual(Condition, { StringEquals: { 'ses:FromAddress': 'shop@example.com' } });
  });
});

test('nothing in the audit can be removed or changed in part', () => {
  const audit = Object.entries(shop.findOutputs('TableAudit'))[0]![1].Value;
  const table = target(audit)!;
  const granted = Object.values(resources(shop, 'AWS::Lambda::Function')).flatMap(({ Properties }) =>
    statementsOf(shop, target(Properties.Role)!)
      .filter(({ Resource }) => list(Resource).some((one) => target(one) === table))
      .map(({ Action }) => [Properties.Description.split(' ')[1], Action]));
  assert.deepEqual(granted.sort(), [['audit-api', 'dynamodb:Query'], ['audit-on-order', 'dynamodb:PutItem']]);
  assert.equal(resources(shop, 'AWS::DynamoDB::Table')[table]!.Properties.TimeToLiveSpecification, undefined);
});
