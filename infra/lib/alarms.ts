import { ArnFormat, Aspects, type Stack } from 'aws-cdk-lib';
import {
  Alarm, ComparisonOperator, type IMetric, MathExpression, TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import { RustFunction } from './rust-function.ts';
import { MAX_RECEIVES, WorkQueue } from './work-queue.ts';

/** A message this old means that its consumer has not kept up, or cannot. */
const OLD_SECONDS = 300;

export interface AlarmOptions {
  /** What has happened, for the person who is woken. docs/events.md says what to do. */
  readonly description: string;
  readonly metric: IMetric;
  /** The alarm goes off above it. */
  readonly threshold: number;
}

/** An alarm that goes off at the first sign, and stays quiet while there is nothing to measure. */
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
 * Alarms over what each service has, and over all queues of the stack together: ten alarms are free, one per function and
 * queue would be too many, and one alarm takes ten metrics at most.
 */
export function watch(stack: Stack, services: readonly Construct[], stage: string): void {
  for (const service of services) {
    const functions = within(service, RustFunction);
    alarm(service, 'FunctionsAlarm', {
      description: `A function of ${service.node.id} failed, ran out of time or was throttled (${stage})`,
      metric: combined('SUM', functions.flatMap((one) => [{ metric: one.metricErrors() }, { metric: one.metricThrottles() }])),
      threshold: 0,
    });
    alarm(service, 'DeadLettersAlarm', {
      description: `Messages for ${service.node.id} that failed ${MAX_RECEIVES} times wait in a dead-letter queue (${stage})`,
      metric: combined('SUM', within(service, WorkQueue).map(({ deadLetters }) =>
        ({ metric: deadLetters.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum' }) }))),
      threshold: 0,
    });
  }
  alarm(stack, 'AgeAlarm', {
    description: `The oldest message in some queue is over ${OLD_SECONDS} seconds late (${stage})`,
    metric: combined('MAX', within(stack, WorkQueue).map(({ queue, delaySeconds }) =>
      ({ metric: queue.metricApproximateAgeOfOldestMessage({ statistic: 'Maximum' }), less: delaySeconds }))),
    threshold: OLD_SECONDS,
  });
}

function within<T extends Construct>(scope: Construct, type: abstract new (...args: never[]) => T): T[] {
  return scope.node.findAll().filter((node): node is T => node instanceof type);
}

/** A metric made of several. Those of what nobody uses are missing, and would have the others miss as well. */
function combined(operation: 'SUM' | 'MAX', parts: readonly { readonly metric: IMetric; readonly less?: number }[]): IMetric {
  const terms = parts.map(({ less = 0 }, index) => `FILL(m${index}, 0)${less > 0 ? ` - ${less}` : ''}`);
  const usingMetrics = Object.fromEntries(parts.map(({ metric }, index) => [`m${index}`, metric]));
  return new MathExpression({ expression: `${operation}([${terms.join(', ')}])`, usingMetrics });
}

/** Has every alarm of a stack write to this address, which has to confirm the subscription once. */
export function mailAlarms(stack: Stack, address: string): void {
  const topic = new Topic(stack, 'Alarms', { enforceSSL: true });
  // A topic with a policy of its own, which `enforceSSL` makes, no longer lets everyone in the account publish.
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
