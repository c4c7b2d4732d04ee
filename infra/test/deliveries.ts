import assert from 'node:assert/strict';
import type { Template } from 'aws-cdk-lib/assertions';
import { nameOf, propertiesOf, resources, type Statement, target } from './template.ts';

/** What a rule or a subscription delivers to a function. */
export interface Delivery {
  /** Logical id of the rule or the subscription. */
  readonly id: string;
  /** Name of the function. */
  readonly consumer: string;
  /** Logical id of the function. */
  readonly functionId: string;
  /** Logical id of the queue that the function consumes; none if it is invoked asynchronously. */
  readonly queue?: string;
  /** Logical id of the queue for what cannot be delivered. */
  readonly deadLetterQueue?: string;
  /** The service that delivers, and the ARN of its rule or topic. */
  readonly principal: { readonly Service: string };
  readonly source: unknown;
  readonly properties: any;
}

/** All deliveries of events to functions, from the bus and from the topic. */
export function deliveriesOf(template: Template): Delivery[] {
  const rules = Object.entries(resources(template, 'AWS::Events::Rule')).map(([id, { Properties }]) => {
    const [{ Arn, DeadLetterConfig }, ...others] = Properties.Targets;
    assert.equal(others.length, 0, id);
    return {
      id,
      endpoint: target(Arn)!,
      deadLetterQueue: target(DeadLetterConfig?.Arn),
      principal: { Service: 'events.amazonaws.com' },
      source: { 'Fn::GetAtt': [id, 'Arn'] },
      properties: Properties,
    };
  });
  const subscriptions = Object.entries(resources(template, 'AWS::SNS::Subscription'))
    .filter(([, { Properties }]) => Properties.Protocol !== 'email')
    .map(([id, { Properties }]) => ({
      id,
      endpoint: target(Properties.Endpoint)!,
      deadLetterQueue: target(Properties.RedrivePolicy?.deadLetterTargetArn),
      principal: { Service: 'sns.amazonaws.com' },
      source: Properties.TopicArn,
      properties: Properties,
    }));
  return [...rules, ...subscriptions].map(({ endpoint, ...rest }) => {
    const isQueued = endpoint in resources(template, 'AWS::SQS::Queue');
    const functionId = isQueued ? readerOf(template, endpoint) : endpoint;
    const consumer = nameOf(template, functionId);
    assert.ok(consumer !== undefined, `${rest.id} delivers to ${endpoint}, which is no function`);
    return { ...rest, consumer, functionId, ...(isQueued ? { queue: endpoint } : {}) };
  });
}

/** The logical id of the only function that consumes a queue. */
export function readerOf(template: Template, queueId: string): string {
  const readers = propertiesOf(template, 'AWS::Lambda::EventSourceMapping')
    .filter(({ EventSourceArn }) => target(EventSourceArn) === queueId);
  assert.equal(readers.length, 1, `${queueId} has ${readers.length} readers`);
  return target(readers[0].FunctionName)!;
}

/** The statements of a queue's policies that let something send to it. */
export function sendersTo(template: Template, queueId: string): Statement[] {
  return propertiesOf(template, 'AWS::SQS::QueuePolicy')
    .filter(({ Queues }) => Queues.some((queue: unknown) => target(queue) === queueId))
    .flatMap(({ PolicyDocument }) => PolicyDocument.Statement as Statement[])
    .filter(({ Effect }) => Effect === 'Allow');
}
