import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Template } from 'aws-cdk-lib/assertions';
import { deliveriesOf } from './deliveries.ts';
import { EXPENSIVE, failureQueues, only, propertiesOf, resources, type Statement, synthesize, target } from './template.ts';

const dev = synthesize();
const mailed = synthesize({ alarmEmail: 'oncall@example.com', budgetEmail: 'owner@example.com' });
const production = synthesize(EXPENSIVE);

const alarms = (template: Template) => propertiesOf(template, 'AWS::CloudWatch::Alarm');

/** The metrics of all alarms: each is billed, in each alarm that has it. */
const metrics = (template: Template): any[] => alarms(template).flatMap(({ Metrics, Namespace, MetricName, Dimensions }) =>
  (Metrics ?? [{ MetricStat: { Metric: { Namespace, MetricName, Dimensions } } }])
    .filter(({ MetricStat }: any) => MetricStat !== undefined).map(({ MetricStat }: any) => MetricStat.Metric));

/** Ten alarms are free. Their stacks say why these have none. */
const UNWATCHED = ['payment-sandbox', 'search'];

/** Services that consume events or commands, without those whose failures can wait. */
function consumingServices(template: Template): string[] {
  const ofDeliveries = deliveriesOf(template).map(({ functionId }) => functionId);
  const ofQueues = propertiesOf(template, 'AWS::Lambda::EventSourceMapping')
    .filter(({ StartingPosition }) => StartingPosition === undefined).map(({ FunctionName }) => target(FunctionName)!);
  const services = [...ofDeliveries, ...ofQueues].map((id) => resources(template, 'AWS::Lambda::Function')[id]!.Metadata!.service);
  return [...new Set(services)].filter((service) => !UNWATCHED.includes(service)).sort();
}

describe('alarms', () => {
  test('there are some in production and where there is an address to notify', () => {
    assert.equal(alarms(dev).length, 0);
    assert.ok(alarms(mailed).length > 0);
    assert.ok(alarms(production).length > 0);
    assert.equal(alarms(synthesize({ services: 'core', stage: 'prod', pointInTimeRecovery: 'false', alarms: 'false' })).length, 0);
  });

  test('those of all services have no more metrics than the ten that are free', () => {
    assert.equal(metrics(mailed).length, 10);
    assert.equal(metrics(mailed).length, alarms(mailed).length);
  });

  for (const [stage, template] of [['a development stage', mailed], ['production', production]] as const) {
    test(`the first failure of each service that consumes something is one, in ${stage}`, () => {
      const watched = alarms(template).filter(({ Namespace }) => Namespace === 'AWS/SQS');
      const failures = failureQueues(template);
      const services = consumingServices(template);
      assert.equal(services.length, 10);
      assert.deepEqual(
        watched.map(({ Dimensions }) => Dimensions).sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b))),
        services.map((service) => [{ Name: 'QueueName', Value: { 'Fn::GetAtt': [failures.get(service), 'QueueName'] } }])
          .sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b))),
      );
      for (const { MetricName, Threshold } of watched) {
        assert.equal(MetricName, 'ApproximateNumberOfMessagesVisible');
        assert.equal(Threshold, 0);
      }
    });
  }

  test('production has two more: on streams that do not advance, and on requests that fail', () => {
    const more = alarms(production).filter(({ Namespace }) => Namespace !== 'AWS/SQS');
    const [{ Namespace, MetricName, Dimensions, Statistic, Threshold }, requests, ...others] = more;
    assert.deepEqual(others, []);
    assert.deepEqual({ Namespace, MetricName, Dimensions, Statistic, Threshold }, {
      // Of all functions together.
      Namespace: 'AWS/Lambda', MetricName: 'IteratorAge', Dimensions: undefined, Statistic: 'Maximum', Threshold: 60 * 60 * 1000,
    });
    assert.deepEqual([requests.Namespace, requests.MetricName, requests.Statistic, requests.Threshold], ['AWS/ApiGateway', '5XXError', 'Sum', 0]);
    assert.deepEqual(requests.Dimensions, [{ Name: 'ApiName', Value: only(production, 'AWS::ApiGateway::RestApi')[1].Properties.Name }]);
    assert.ok(alarms(mailed).every((alarm) => alarm.Namespace === 'AWS/SQS'));
  });

  test('each fires at the first breach, and not for want of data', () => {
    for (const alarm of alarms(production)) {
      assert.equal(alarm.EvaluationPeriods, 1);
      assert.equal(alarm.ComparisonOperator, 'GreaterThanThreshold');
      assert.equal(alarm.TreatMissingData, 'notBreaching');
    }
  });

  test('each is sent to the topic of the stage, which mails them to the given address', () => {
    for (const template of [mailed, production]) {
      const topics = Object.entries(resources(template, 'AWS::SNS::Topic')).filter(([, { Metadata }]) => Metadata!.service === 'foundation');
      assert.equal(topics.length, 1);
      const topic = { Ref: topics[0]![0] };
      for (const { AlarmActions, AlarmDescription } of alarms(template)) assert.deepEqual(AlarmActions, [topic], AlarmDescription);
      template.hasResourceProperties('AWS::SNS::Subscription', { Protocol: 'email', Endpoint: 'oncall@example.com', TopicArn: topic });
    }
  });

  test('without an address there is no topic, and alarms are seen in the console only', () => {
    const silent = synthesize({ services: 'core', alarms: 'true' });
    assert.equal(alarms(silent).length, 3);
    assert.ok(alarms(silent).every(({ AlarmActions }) => AlarmActions === undefined));
    for (const template of [silent, dev]) {
      assert.deepEqual(Object.values(resources(template, 'AWS::SNS::Topic')).map(({ Metadata }) => Metadata!.service), ['ordering']);
    }
  });

  test('the alarms of this stage may write to their topic, and nothing else may', () => {
    const allowed = propertiesOf(mailed, 'AWS::SNS::TopicPolicy')
      .filter(({ Topics }) => Topics.some((topic: unknown) => target(topic)!.startsWith('FoundationAlarms')))
      .flatMap(({ PolicyDocument }) => PolicyDocument.Statement.filter(({ Effect }: Statement) => Effect === 'Allow'));
    assert.equal(allowed.length, 1);
    assert.deepEqual(allowed[0].Principal, { Service: 'cloudwatch.amazonaws.com' });
    assert.equal(allowed[0].Action, 'sns:Publish');
    // CloudFormation names an alarm after its stack.
    assert.match(JSON.stringify(allowed[0].Condition.ArnLike['aws:SourceArn']), /:alarm:ferrocart-dev-\*"/);
  });
});

describe('the budget', () => {
  test('is there where somebody can be warned', () => {
    for (const template of [dev, synthesize({ stage: 'prod' })]) assert.deepEqual(resources(template, 'AWS::Budgets::Budget'), {});
  });

  test('warns of more than a dollar a month, spent or forecast', () => {
    const [, { Properties: { Budget, NotificationsWithSubscribers } }] = only(mailed, 'AWS::Budgets::Budget');
    assert.equal(Budget.BudgetType, 'COST');
    assert.equal(Budget.TimeUnit, 'MONTHLY');
    assert.deepEqual(Budget.BudgetLimit, { Amount: 1, Unit: 'USD' });
    assert.deepEqual(NotificationsWithSubscribers, ['ACTUAL', 'FORECASTED'].map((NotificationType) => ({
      Notification: { NotificationType, ComparisonOperator: 'GREATER_THAN', Threshold: 100, ThresholdType: 'PERCENTAGE' },
      Subscribers: [{ SubscriptionType: 'EMAIL', Address: 'owner@example.com' }],
    })));
  });
});
