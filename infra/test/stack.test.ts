import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FUNCTIONS, SERVICES, list, resources, synthesize, target } from './template.ts';

const dev = synthesize();
const production = synthesize({ stage: 'prod' });
const alarmed = synthesize({ alarms: 'true' });

describe('capacity', () => {
  const throughputs = (template: typeof dev) => Object.values(resources(template, 'AWS::DynamoDB::Table'))
    .flatMap(({ Properties: table }) => [table, ...(table.GlobalSecondaryIndexes ?? [])])
    .map((table) => table.ProvisionedThroughput);

  test('tables and indexes together stay within the free 25 RCU and 25 WCU', () => {
    const all = throughputs(dev);
    assert.ok(all.length >= 8);
    const sum = (unit: string) => all.reduce((total, throughput) => total + throughput[unit], 0);
    assert.ok(sum('ReadCapacityUnits') <= 25, `${sum('ReadCapacityUnits')} RCU`);
    assert.ok(sum('WriteCapacityUnits') <= 25, `${sum('WriteCapacityUnits')} WCU`);
  });

  test('on demand every table is paid per request', () => {
    const template = synthesize({ capacity: 'on-demand' });
    assert.ok(throughputs(template).every((throughput) => throughput === undefined));
    template.allResourcesProperties('AWS::DynamoDB::Table', { BillingMode: 'PAY_PER_REQUEST' });
  });
});

describe('data', () => {
  test('production keeps its tables and can restore them', () => {
    production.allResources('AWS::DynamoDB::Table', { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    production.allResourcesProperties('AWS::DynamoDB::Table', {
      DeletionProtectionEnabled: true,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    });
    production.allResources('AWS::Logs::LogGroup', { DeletionPolicy: 'Retain' });
  });

  test('a table is restorable where that was asked for, and in production unless it was declined', () => {
    const restorable = (context: Record<string, string>) => {
      const tables = Object.values(resources(synthesize(context), 'AWS::DynamoDB::Table'));
      assert.ok(tables.length >= 6);
      return new Set(tables.map(({ Properties }) => Properties.PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled));
    };
    assert.deepEqual(restorable({}), new Set([false]));
    assert.deepEqual(restorable({ pointInTimeRecovery: 'true' }), new Set([true]));
    assert.deepEqual(restorable({ stage: 'prod', pointInTimeRecovery: 'false' }), new Set([false]));
  });

  test('tables are encrypted with a key of AWS, or with one of the account where that was asked for', () => {
    const encryption = (template: typeof dev) => Object.values(resources(template, 'AWS::DynamoDB::Table'))
      .map(({ Properties }) => Properties.SSESpecification);
    const all = (enabled: boolean) => Array(16).fill({ SSEEnabled: enabled });
    // `SSEEnabled: false` selects a key that AWS owns, not one of the account. No table is
    // unencrypted.
    assert.deepEqual(encryption(dev), all(false));
    assert.deepEqual(encryption(synthesize({ encryption: 'aws-managed' })), all(true));
  });

  test('whoever keeps something of customers is heard when it has handed that over or erased it', () => {
    const rules = Object.entries(resources(dev, 'AWS::Events::Rule'))
      .map(([id, { Properties: { EventPattern } }]) => ({ id, ...EventPattern }));
    const told = (type: string) => rules.filter((rule) => rule['detail-type'].includes(type));
    // Each rule is a child of its service.
    const keepers = told('CustomerExportRequested').map(({ id }) => `shop.${/^[A-Z][a-z]+/.exec(id)![0].toLowerCase()}`);
    assert.ok(keepers.length >= 4);
    for (const type of ['CustomerDataCollected', 'CustomerDataErased']) {
      assert.deepEqual(told(type).map(({ source }) => [...source].sort()), [['shop.privacy', ...keepers].sort()]);
    }
    // Each erases either at once, or when the orders in progress had their time.
    const erasing = [...told('CustomerErasureRequested'), ...told('CustomerErasureDue')].map(({ id }) => id);
    const privacy = rules.filter(({ id }) => id.startsWith('Privacy')).map(({ id }) => id);
    assert.deepEqual(erasing.sort(), [...told('CustomerExportRequested').map(({ id }) => id), ...privacy].sort());
  });

  test('what waits in a queue is encrypted', () => {
    const queues = Object.values(resources(dev, 'AWS::SQS::Queue'));
    assert.ok(queues.every(({ Properties }) => Properties.SqsManagedSseEnabled === true));
  });

  test('a development stage can be deleted', () => {
    for (const { Properties } of Object.values(resources(dev, 'AWS::DynamoDB::Table'))) {
      assert.notEqual(Properties.DeletionProtectionEnabled, true);
    }
  });

  test('a development stage leaves no table behind', () => {
    dev.allResources('AWS::DynamoDB::Table', { DeletionPolicy: 'Delete' });
  });

  test('what can go expires: in all tables but those of products, prices, payments and the audit', () => {
    const expiring = Object.values(resources(dev, 'AWS::DynamoDB::Table'))
      .filter(({ Properties }) => Properties.TimeToLiveSpecification !== undefined);
    assert.equal(expiring.length, 12);
    for (const { Properties } of expiring) {
      assert.deepEqual(Properties.TimeToLiveSpecification, { AttributeName: 'expiresAt', Enabled: true });
    }
  });
});

describe('functions', () => {
  const functions = resources(dev, 'AWS::Lambda::Function');

  test('there is one for every handler that an executable has', () => {
    const outputs = Object.keys(dev.findOutputs('*')).filter((name) => name.startsWith('Function'));
    assert.equal(outputs.length, FUNCTIONS.length);
    const handlers = Object.values(functions).map(({ Properties }) => Properties.Handler);
    assert.deepEqual(handlers.sort(), [...FUNCTIONS].sort());
    dev.allResourcesProperties('AWS::Lambda::Function', { Runtime: 'provided.al2023' });
  });

  test('the functions of a service are one executable', () => {
    const code = new Map<string, Set<string>>();
    for (const { Properties: { Code, Environment: { Variables } } } of Object.values(functions)) {
      const service = Variables.SERVICE as string;
      code.set(service, (code.get(service) ?? new Set()).add(Code.S3Key));
    }
    assert.deepEqual([...code.keys()].sort(), [...SERVICES].sort());
    for (const [service, keys] of code) assert.equal(keys.size, 1, service);
    assert.equal(new Set([...code.values()].flatMap((keys) => [...keys])).size, SERVICES.length);
  });

  test('each has a role of its own and a log group that forgets', () => {
    const roles = new Set<string>();
    for (const { Properties } of Object.values(functions)) {
      roles.add(target(Properties.Role)!);
      const logs = resources(dev, 'AWS::Logs::LogGroup')[target(Properties.LoggingConfig.LogGroup)!];
      assert.ok(logs!.Properties.RetentionInDays > 0);
    }
    assert.equal(roles.size, FUNCTIONS.length);
  });

  test('each is built for the processor that was asked for', () => {
    dev.allResourcesProperties('AWS::Lambda::Function', { Architectures: ['arm64'] });
    synthesize({ arch: 'x86_64' }).allResourcesProperties('AWS::Lambda::Function', { Architectures: ['x86_64'] });
  });
});

describe('queues', () => {
  const queues = resources(dev, 'AWS::SQS::Queue');
  const deadLetterQueues = new Set(Object.values(queues)
    .map(({ Properties }) => target(Properties.RedrivePolicy?.deadLetterTargetArn))
    .filter((id) => id !== undefined));
  // Only operators read them, like the dead-letter queues.
  for (const id of Object.keys(queues)) if (/^[A-Z][a-z]+Failures/.test(id)) deadLetterQueues.add(id);

  test('each has a dead-letter queue that keeps messages for two weeks', () => {
    for (const [id, { Properties }] of Object.entries(queues)) {
      if (deadLetterQueues.has(id)) assert.equal(Properties.MessageRetentionPeriod, 14 * 24 * 60 * 60, id);
      else assert.equal(Properties.RedrivePolicy.maxReceiveCount, 10, id);
    }
  });

  test('each queue is watched for old messages, each dead-letter queue for the first', () => {
    const watched = Object.values(resources(alarmed, 'AWS::CloudWatch::Alarm'))
      .flatMap(({ Properties }) => Properties.Metrics)
      .filter(({ MetricStat }) => MetricStat?.Metric.Namespace === 'AWS/SQS')
      .map(({ MetricStat: { Metric } }) => [target(Metric.Dimensions), Metric.MetricName] as const);
    const expected = Object.keys(queues).map((id) =>
      [id, deadLetterQueues.has(id) ? 'ApproximateNumberOfMessagesVisible' : 'ApproximateAgeOfOldestMessage'] as const);
    assert.equal(watched.length, expected.length);
    assert.deepEqual(new Map(watched), new Map(expected));
  });

  test('no queue delays its messages; erasures wait for as long as was asked for', () => {
    for (const { Properties } of Object.values(queues)) assert.equal(Properties.DelaySeconds, undefined);
    const delays = (template: typeof dev) => Object.values(resources(template, 'AWS::Lambda::Function'))
      .map(({ Properties }) => Properties.Environment.Variables.ERASURE_DELAY_SECONDS).filter((delay) => delay !== undefined);
    assert.deepEqual(delays(dev), ['900']);
    assert.deepEqual(delays(synthesize({ erasureDelaySeconds: '1' })), ['1']);
  });

  test('each consumer answers for single messages and is done before they show up again', () => {
    for (const { Properties } of Object.values(resources(dev, 'AWS::Lambda::EventSourceMapping'))) {
      assert.deepEqual(Properties.FunctionResponseTypes, ['ReportBatchItemFailures']);
      const queue = queues[target(Properties.EventSourceArn)!];
      if (queue === undefined) continue;
      const consumer = resources(dev, 'AWS::Lambda::Function')[target(Properties.FunctionName)!]!;
      assert.ok(queue.Properties.VisibilityTimeout >= 6 * consumer.Properties.Timeout);
    }
  });
});

describe('retries', () => {
  /** Maximum AWS calls of each function in sequence, as docs/reliability.md counts them. */
  const callsInSequence: Record<string, number> = {
    'product-api': 2, 'product-publisher': 3, 'basket-api': 4, 'basket-on-product': 1, 'basket-publisher': 3,
    'ordering-api': 2, 'ordering-on-checkout': 1, 'basket-on-privacy': 4, 'ordering-on-privacy': 5,
    'payment-api': 1, 'payment-webhook': 3, 'payment-on-command': 4, 'payment-publisher': 3,
    'payment-sandbox-api': 4, 'payment-sandbox-webhooks': 4,
    'ordering-publisher': 3, 'ordering-on-event': 9, 'ordering-steps': 5,
    'realtime-authorizer': 1, 'realtime-connections': 2, 'realtime-messages': 6, 'realtime-on-order': 5, 'realtime-on-privacy': 5,
    'ordering-topic-relay': 1, 'audit-api': 1, 'audit-on-order': 1,
    'notification-on-checkout': 1, 'notification-on-order': 5, 'notification-on-privacy': 5,
    'privacy-api': 2, 'privacy-publisher': 3, 'privacy-on-event': 5, 'privacy-on-sign-up': 0,
    'product-on-stock': 1, 'inventory-api': 3, 'inventory-steps': 4, 'inventory-publisher': 3,
    'shipping-api': 1, 'shipping-on-command': 2, 'shipping-carrier': 2, 'shipping-publisher': 3,
  };
  const functions = Object.values(resources(dev, 'AWS::Lambda::Function')).map(({ Properties }) => Properties);

  test('the calls of a function at their worst fit into its timeout, with half a second to answer', () => {
    assert.equal(functions.length, FUNCTIONS.length);
    for (const { Description, Environment: { Variables }, Timeout } of functions) {
      const calls = callsInSequence[Description.split(' ')[1]]!;
      // Pauses double from 50 ms: three attempts have two of them.
      const worst = Number(Variables.AWS_MAX_ATTEMPTS) * Number(Variables.ATTEMPT_TIMEOUT_MS) + 50 + 100;
      assert.equal(Variables.AWS_MAX_ATTEMPTS, '3');
      assert.ok(calls * worst + 500 <= Timeout * 1000, `${Description}: ${calls} x ${worst} ms in ${Timeout} s`);
    }
  });

  test('a function answers before the gateway gives up', () => {
    const behind = Object.values(resources(dev, 'AWS::ApiGateway::Method'))
      .filter(({ Properties }) => Properties.Integration.Type === 'AWS_PROXY')
      .map(({ Properties }) => target(Properties.Integration.Uri));
    const answering = Object.entries(resources(dev, 'AWS::Lambda::Function')).filter(([id]) => behind.includes(id));
    assert.ok(answering.length >= 8);
    for (const [, { Properties: { Description, Timeout } }] of answering) assert.ok(Timeout < 29, Description);
  });
});

describe('alarms', () => {
  const alarms = (template: typeof dev) => Object.values(resources(template, 'AWS::CloudWatch::Alarm'));

  test('errors and throttles of every function are watched', () => {
    for (const name of ['Errors', 'Throttles']) {
      const watched = alarms(alarmed).flatMap(({ Properties }) => Properties.Metrics)
        .filter(({ MetricStat }: any) => MetricStat?.Metric.MetricName === name)
        .map(({ MetricStat }: any) => target(MetricStat.Metric.Dimensions));
      assert.equal(new Set(watched).size, FUNCTIONS.length, name);
    }
  });

  test('refused sign-ups, which are errors of their function, are taken off its errors', () => {
    const { Metrics } = alarms(alarmed).map(({ Properties }) => Properties)
      .find(({ Metrics }) => Metrics.some(({ MetricStat }: any) => MetricStat?.Metric.MetricName === 'SignUpsRefused'));
    const named = (name: string, id?: string) => Metrics.find(({ MetricStat }: any) =>
      MetricStat?.Metric.MetricName === name && (id === undefined || JSON.stringify(MetricStat).includes(id)));
    const [refused, errors] = [named('SignUpsRefused'), named('Errors', 'SignUp')];
    assert.deepEqual(refused.MetricStat.Metric.Dimensions, [
      { Name: 'service', Value: 'privacy' }, { Name: 'stage', Value: 'dev' },
    ]);
    assert.ok(Metrics[0].Expression.includes(`FILL(${errors.Id}, 0) - FILL(${refused.Id}, 0)`), Metrics[0].Expression);
  });

  test('no alarm is made of more metrics than CloudWatch takes, or misses all if one is missing', () => {
    for (const { Properties } of alarms(alarmed)) {
      const [{ Expression }, ...metrics] = Properties.Metrics;
      assert.ok(metrics.length <= 10);
      for (const { Id } of metrics) assert.ok(Expression.includes(`FILL(${Id}, 0)`), Expression);
    }
  });

  test('there are some in production and where there is somebody to tell, since they cost more than all else that is idle', () => {
    assert.equal(alarms(dev).length, 0);
    assert.ok(alarms(alarmed).length > 0);
    assert.equal(alarms(production).length, alarms(alarmed).length);
    assert.equal(alarms(synthesize({ stage: 'prod', alarms: 'false' })).length, 0);
  });

  test('every alarm is mailed if an address is given', () => {
    assert.ok(alarms(alarmed).length > 0);
    assert.ok(alarms(alarmed).every(({ Properties }) => Properties.AlarmActions === undefined));
    const mailed = synthesize({ alarmEmail: 'oncall@example.com' });
    assert.ok(alarms(mailed).every(({ Properties }) => Properties.AlarmActions.length === 1));
    mailed.hasResourceProperties('AWS::SNS::Subscription', { Protocol: 'email', Endpoint: 'oncall@example.com' });
  });
});

describe('streams', () => {
  const mappings = Object.values(resources(dev, 'AWS::Lambda::EventSourceMapping'))
    .filter(({ Properties }) => Properties.StartingPosition !== undefined);

  test('a record is redelivered for as long as the stream has it', () => {
    assert.equal(mappings.length, 7);
    for (const { Properties } of mappings) {
      assert.equal(Properties.BisectBatchOnFunctionError, true);
      // Lambda's defaults: no limit.
      assert.equal(Properties.MaximumRecordAgeInSeconds, undefined);
      assert.equal(Properties.MaximumRetryAttempts, undefined);
    }
  });

  test('a record that cannot be translated goes to the failure queue of its service', () => {
    for (const { Properties: { FunctionName } } of mappings) {
      const { Variables } = resources(dev, 'AWS::Lambda::Function')[target(FunctionName)!]!.Properties.Environment;
      const [queue] = Object.entries(dev.findOutputs('*'))
        .filter(([, { Value }]) => target(Value) === target(Variables.QUARANTINE_QUEUE_URL)).map(([name]) => name);
      assert.equal(queue!.toLowerCase(), `queue${Variables.SERVICE}failures`);
    }
  });

  test('each stream is watched for records that are not published', () => {
    const watched = Object.values(resources(alarmed, 'AWS::CloudWatch::Alarm'))
      .flatMap(({ Properties }) => Properties.Metrics)
      .filter(({ MetricStat }) => MetricStat?.Metric.MetricName === 'IteratorAge')
      .map(({ MetricStat }) => target(MetricStat.Metric.Dimensions));
    assert.deepEqual(watched.sort(), mappings.map(({ Properties }) => target(Properties.FunctionName)).sort());
  });

  test('only new outbox records are published, and nothing of what expires', () => {
    const filters = mappings.map(({ Properties }) => Properties.FilterCriteria?.Filters).filter(Boolean);
    const patterns = filters.map(([{ Pattern }, ...others]: any) => [Pattern, others.length]);
    // Rows of the other tables are updated after they were created.
    assert.deepEqual(patterns.sort(), [
      ['{"eventName":["INSERT","MODIFY"]}', 0], ['{"eventName":["INSERT","MODIFY"]}', 0], ['{"eventName":["INSERT","MODIFY"]}', 0],
      ['{"eventName":["INSERT","MODIFY"]}', 0], ['{"eventName":["INSERT","MODIFY"]}', 0], ['{"eventName":["INSERT"]}', 0],
    ]);
  });
});

test('no resource has a fixed physical name, so that stages live side by side', () => {
  const NAMES: Record<string, string> = {
    'AWS::DynamoDB::Table': 'TableName',
    'AWS::Lambda::Function': 'FunctionName',
    'AWS::SQS::Queue': 'QueueName',
    'AWS::IAM::Role': 'RoleName',
    'AWS::Logs::LogGroup': 'LogGroupName',
    'AWS::Events::Rule': 'Name',
    'AWS::CloudWatch::Alarm': 'AlarmName',
    'AWS::Scheduler::ScheduleGroup': 'Name',
    'AWS::Cognito::UserPool': 'UserPoolName',
    'AWS::Cognito::UserPoolClient': 'ClientName',
  };
  for (const [type, property] of Object.entries(NAMES)) {
    for (const [id, { Properties }] of Object.entries(resources(dev, type))) {
      assert.equal(Properties?.[property], undefined, `${id}.${property}`);
    }
  }
  // EventBridge and API Gateway require a name; theirs contains the stage.
  assert.match(Object.values(resources(dev, 'AWS::Events::EventBus'))[0]!.Properties.Name, /^ferrocartdev/);
  assert.equal(Object.values(resources(dev, 'AWS::ApiGateway::RestApi'))[0]!.Properties.Name, 'ferrocart-dev');
});

test('everything that costs money carries project and stage, and a service its name', () => {
  const tagsOf = (properties: { Tags?: { Key: string; Value: string }[] }) =>
    Object.fromEntries((properties.Tags ?? []).map(({ Key, Value }) => [Key, Value]));
  for (const type of ['AWS::Lambda::Function', 'AWS::DynamoDB::Table', 'AWS::SQS::Queue', 'AWS::Logs::LogGroup']) {
    for (const [id, { Properties }] of Object.entries(resources(dev, type))) {
      const { project, stage, service } = tagsOf(Properties);
      assert.deepEqual({ project, stage }, { project: 'ferrocart', stage: 'dev' }, id);
      if (!id.startsWith('Http')) assert.ok(SERVICES.includes(service!), id);
    }
  }
});

test('every queue, table and function is an output that tools can find', () => {
  const kinds = Object.keys(dev.findOutputs('*')).map((name) => /^(Queue|Table|Function)/.exec(name)?.[0]);
  const count = (kind: string) => kinds.filter((candidate) => candidate === kind).length;
  assert.equal(count('Queue'), Object.keys(resources(dev, 'AWS::SQS::Queue')).length);
  assert.equal(count('Table'), Object.keys(resources(dev, 'AWS::DynamoDB::Table')).length);
  assert.equal(count('Function'), Object.keys(resources(dev, 'AWS::Lambda::Function')).length);
  assert.deepEqual(list(Object.keys(dev.findOutputs('QueueBasketOnProductDlq'))), ['QueueBasketOnProductDlq']);
});
