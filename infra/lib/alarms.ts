import { ArnFormat, Aspects, type Stack } from 'aws-cdk-lib';
import {
  Alarm, ComparisonOperator, type IMetric, MathExpression, TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import { FailureQueue } from './failure-queue.ts';
import { RustFunction } from './rust-function.ts';
import { StreamPublisher } from './stream-publisher.ts';
import { MAX_RECEIVES, WorkQueue } from './work-queue.ts';

/** A message this old means that its consumer has not kept up, or cannot. */
const OLD_SECONDS = 300;
/** Metrics that one alarm can evaluate (CloudWatch quota). */
const MAX_METRICS = 10;

export interface AlarmOptions {
  /** What has happened, for the operator on call. docs/dead-letters.md says what to do. */
  readonly description: string;
  readonly metric: IMetric;
  /** The alarm fires above this value. */
  readonly threshold: number;
}

/** An alarm that fires on the first breach. Missing data does not breach. */
export function alarm(scope: Construct, id: string, { description, metric, threshold }: AlarmOptions): void {
  new Alarm(scope, id, {
    alarmDescription: description,
    metric,
    threshold,
    comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    evaluationPeriods: 1,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
}

/**
 * Alarms over all functions and queues of a service, and over all queues and streams of the stack.
 * An alarm per function and queue would be too many to read and to pay for. One alarm takes ten metrics;
 * every ten more need another alarm.
 */
export function watch(stack: Stack, services: readonly Construct[], stage: string): void {
  for (const service of services) {
    const functions = within(service, RustFunction);
    together(service, 'FunctionsAlarm', {
      description: `A function of ${service.node.id} failed, ran out of time or was throttled (${stage})`,
      operation: 'SUM',
      parts: functions.flatMap((one) => [
        { metric: one.metricErrors(), less: one.refusals },
        { metric: one.metricThrottles() },
      ]),
      threshold: 0,
    });
    together(service, 'DeadLettersAlarm', {
      description: `Messages for ${service.node.id} that failed ${MAX_RECEIVES} times, or failures of it, wait for an operator (${stage})`,
      operation: 'SUM',
      parts: [
        ...within(service, WorkQueue).map(({ deadLetters }) => deadLetters),
        ...within(stack, FailureQueue).filter((queue) => queue.service === service.node.id.toLowerCase()),
      ].map((queue) => ({ metric: queue.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum' }) })),
      threshold: 0,
    });
  }
  together(stack, 'AgeAlarm', {
    description: `The oldest message in some queue is over ${OLD_SECONDS} seconds late (${stage})`,
    operation: 'MAX',
    parts: within(stack, WorkQueue).map(({ queue }) =>
      ({ metric: queue.metricApproximateAgeOfOldestMessage({ statistic: 'Maximum' }) })),
    threshold: OLD_SECONDS,
  });
  together(stack, 'StreamAgeAlarm', {
    description: `A change of some table is not published after ${OLD_SECONDS} seconds, and is lost after a day (${stage})`,
    operation: 'MAX',
    parts: within(stack, StreamPublisher).map(({ publisher }) =>
      ({ metric: publisher.metric('IteratorAge', { statistic: 'Maximum' }) })),
    threshold: OLD_SECONDS * 1000,
  });
}

interface Together {
  readonly description: string;
  readonly operation: 'SUM' | 'MAX';
  readonly parts: readonly Part[];
  readonly threshold: number;
}

/** One alarm over all parts, or as many as they need: `Alarm`, `Alarm2`, ... */
function together(scope: Construct, id: string, { description, operation, parts, threshold }: Together): void {
  inGroups(parts).forEach((group, index) => {
    const metric = combined(operation, group);
    alarm(scope, index === 0 ? id : `${id}${index + 1}`, { description, metric, threshold });
  });
}

/** Groups the parts so that each group fits into one alarm. */
function inGroups(parts: readonly Part[]): Part[][] {
  const groups: Part[][] = [];
  let left = 0;
  for (const part of parts) {
    const metrics = typeof part.less === 'object' ? 2 : 1;
    if (metrics > left) {
      groups.push([]);
      left = MAX_METRICS;
    }
    groups.at(-1)?.push(part);
    left -= metrics;
  }
  return groups;
}

function within<T extends Construct>(scope: Construct, type: abstract new (...args: never[]) => T): T[] {
  return scope.node.findAll().filter((node): node is T => node instanceof type);
}

/** A metric, and what to subtract from it: a number, or another metric. */
interface Part {
  readonly metric: IMetric;
  readonly less?: number | IMetric | undefined;
}

/**
 * Combines metrics into one. An idle resource has no data points, which would leave the result
 * without data: they count as 0.
 */
export function combined(operation: 'SUM' | 'MAX', parts: readonly Part[]): IMetric {
  const usingMetrics: Record<string, IMetric> = {};
  const terms = parts.map(({ metric, less }, index) => {
    usingMetrics[`m${index}`] = metric;
    if (typeof less === 'object') usingMetrics[`less${index}`] = less;
    const taken = typeof less === 'object' ? `FILL(less${index}, 0)` : String(less ?? 0);
    return `FILL(m${index}, 0)${taken === '0' ? '' : ` - ${taken}`}`;
  });
  return new MathExpression({ expression: `${operation}([${terms.join(', ')}])`, usingMetrics });
}

/** Sends every alarm of a stack to this address, which has to confirm the subscription once. */
export function mailAlarms(stack: Stack, address: string): void {
  const topic = new Topic(stack, 'Alarms', { enforceSSL: true });
  // `enforceSSL` adds a topic policy. It replaces the default one, which lets the account publish.
  topic.addToResourcePolicy(new PolicyStatement({
    principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
    actions: ['sns:Publish'],
    resources: [topic.topicArn],
    conditions: {
      ArnLike: {
        'aws:SourceArn': stack.formatArn({
          service: 'cloudwatch', resource: 'alarm', resourceName: `${stack.stackName}-*`, arnFormat: ArnFormat.COLON_RESOURCE_NAME,
        }),
      },
    },
  }));
  topic.addSubscription(new EmailSubscription(address));
  const action = new SnsAction(topic);
  Aspects.of(stack).add({
    visit: (node) => {
      if (node instanceof Alarm) node.addAlarmAction(action);
    },
  });
}
