import { ArnFormat, Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IMetric, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { IConstruct } from 'constructs';
import { EventSubscription } from './event-subscription.ts';
import { failureQueue } from './failure-queue.ts';
import { TopicSubscription } from './order-topic.ts';
import { ServiceStack } from './service-stack.ts';
import { WorkQueue } from './work-queue.ts';

/**
 * Alarms on the metrics of what needs a person. Ten metrics are free, so a service of the shop has at
 * most one alarm: on its failure queue, where everything ends that retries do not heal.
 *
 * Production stages have more: on streams that do not advance, and on failing requests.
 */

/** Records of a stream are kept for 24 hours; one of this age has been retried for long. */
const STUCK_HOURS = 1;
/** Under this name the foundation provides the topic that alarms are sent to. */
const TOPIC = 'alarm-topic-arn';

/**
 * An alarm on the failure queue of a service that consumes events or commands. The others have one
 * for records that they cannot publish, which stop at a bug and not at an outage.
 */
export function watchFailures(stack: ServiceStack): void {
  if (!stack.settings.alarms || !stack.isWatched || !stack.node.findAll().some(isConsumed)) return;
  alarm(stack, 'FailuresAlarm', {
    description: `Something that ${stack.service} could not handle waits for a person (${stack.settings.stage})`,
    metric: failureQueue(stack).metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum' }),
    threshold: 0,
  });
}

function isConsumed(construct: IConstruct): boolean {
  return construct instanceof EventSubscription || construct instanceof TopicSubscription || construct instanceof WorkQueue;
}

/** An alarm on the streams of all stacks. The metric covers all functions of the account. */
export function watchStreams(stack: ServiceStack): void {
  if (!stack.settings.alarms || !stack.settings.production) return;
  alarm(stack, 'StreamsAlarm', {
    description: `A stream has not advanced for ${STUCK_HOURS} hour; its records are lost after 24 (${stack.settings.stage})`,
    metric: new Metric({ namespace: 'AWS/Lambda', metricName: 'IteratorAge', statistic: 'Maximum' }),
    threshold: Duration.hours(STUCK_HOURS).toMilliseconds(),
  });
}

/** An alarm on requests that the API answers with 5xx. */
export function watchRequests(stack: ServiceStack, errors: IMetric): void {
  if (!stack.settings.alarms || !stack.settings.production) return;
  alarm(stack, 'RequestsAlarm', {
    description: `Requests fail (${stack.settings.stage})`, metric: errors, threshold: 0,
  });
}

/** The topic whose subscribers alarms are sent to: the address in the settings, if there is one. */
export function mailAlarms(stack: ServiceStack): void {
  const { alarmEmail, stage } = stack.settings;
  if (alarmEmail === undefined) return;
  const topic = new Topic(stack, 'Alarms', { enforceSSL: true });
  // `enforceSSL` adds a topic policy. It replaces the default one, which lets the account publish.
  topic.addToResourcePolicy(new PolicyStatement({
    principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
    actions: ['sns:Publish'],
    resources: [topic.topicArn],
    conditions: {
      ArnLike: {
        'aws:SourceArn': stack.formatArn({
          service: 'cloudwatch', resource: 'alarm', resourceName: `ferrocart-${stage}-*`, arnFormat: ArnFormat.COLON_RESOURCE_NAME,
        }),
      },
    },
  }));
  // The recipient has to confirm the subscription once.
  topic.addSubscription(new EmailSubscription(alarmEmail));
  stack.provide(TOPIC, topic.topicArn);
}

interface AlarmOptions {
  /** What has happened, for the operator on call. docs/dead-letters.md says what to do. */
  readonly description: string;
  readonly metric: IMetric;
  /** The alarm fires above this value. */
  readonly threshold: number;
}

/** An alarm that fires on the first breach. Missing data does not breach. */
function alarm(stack: ServiceStack, id: string, { description, metric, threshold }: AlarmOptions): void {
  const created = new Alarm(stack, id, {
    alarmDescription: description,
    metric,
    threshold,
    comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    evaluationPeriods: 1,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
  if (stack.settings.alarmEmail === undefined) return;
  const own = stack.node.tryFindChild('Alarms') as Topic | undefined;
  const topic = own ?? Topic.fromTopicArn(stack, `${id}Topic`, stack.valueOf('foundation', TOPIC));
  created.addAlarmAction(new SnsAction(topic));
}
