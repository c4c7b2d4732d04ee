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

/** Alarms over all functions of a stack together: ten alarms are free, one per function would be too many. */
export function watchFunctions(stack: Stack, stage: string): void {
  const functions = stack.node.findAll().filter((node) => node instanceof RustFunction);
  const sum = (metric: (of: RustFunction) => IMetric) => {
    const usingMetrics = Object.fromEntries(functions.map((one, index) => [`m${index}`, metric(one)]));
    return new MathExpression({ expression: Object.keys(usingMetrics).join(' + '), usingMetrics });
  };
  alarm(stack, 'FunctionErrorsAlarm', {
    description: `A function failed or ran out of time (${stage})`,
    metric: sum((one) => one.metricErrors()),
    threshold: 0,
  });
  alarm(stack, 'FunctionThrottlesAlarm', {
    description: `A function was asked more often than the account allows (${stage})`,
    metric: sum((one) => one.metricThrottles()),
    threshold: 0,
  });
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
