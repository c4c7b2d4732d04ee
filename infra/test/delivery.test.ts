import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Template } from 'aws-cdk-lib/assertions';
import { deliveriesOf, readerOf, sendersTo } from './deliveries.ts';
import {
  allowedTo, failureQueues, FUNCTIONS, list, nameOf, only, propertiesOf, queuePolicies, resources, statementsOf, synthesize, target,
} from './template.ts';

const direct = synthesize();
const queued = synthesize({ delivery: 'queued' });
const both: [string, Template][] = [['direct', direct], ['queued', queued]];

const MINUTES = 60;
const HOURS = 60 * MINUTES;
const DAYS = 24 * HOURS;

/** Somebody waits for these, or they talk to somebody outside: their queues are polled in any stage. */
const ALWAYS_POLLED = ['ordering-on-checkout', 'ordering-on-event', 'payment-on-command', 'shipping-on-command'];

/** Consumers of events that are not named after what they consume. */
const UNNAMED = ['ordering-topic-relay', 'payment-sandbox-webhooks', 'shipping-carrier'];

/** Cognito invokes `identity-on-sign-up`, and waits for it. */
const OTHER_CONSUMERS = FUNCTIONS.filter((name) => /-on-/.test(name) || UNNAMED.includes(name))
  .filter((name) => name !== 'identity-on-sign-up' && !ALWAYS_POLLED.includes(name)).sort();

/** Names of the functions whose queues Lambda polls. */
function polling(template: Template): string[] {
  return propertiesOf(template, 'AWS::Lambda::EventSourceMapping')
    .filter(({ EventSourceArn }) => target(EventSourceArn)! in resources(template, 'AWS::SQS::Queue'))
    .map(({ FunctionName }) => nameOf(template, target(FunctionName)));
}

/** The logical id of the failure queue of a resource's service. */
function failureQueueFor(template: Template, id: string): string | undefined {
  const { Metadata } = template.toJSON().Resources[id];
  return failureQueues(template).get(Metadata.service);
}

describe('direct delivery', () => {
  const asynchronous = deliveriesOf(direct).filter(({ queue }) => queue === undefined);

  test('four queues are polled', () => {
    assert.deepEqual(polling(direct).sort(), ALWAYS_POLLED);
  });

  test('every other consumer is invoked asynchronously', () => {
    assert.deepEqual([...new Set(asynchronous.map(({ consumer }) => consumer))].sort(), OTHER_CONSUMERS);
  });

  test('a failed event is retried twice, a throttled one for six hours; then it goes to the failure queue', () => {
    const configurations = propertiesOf(direct, 'AWS::Lambda::EventInvokeConfig');
    assert.deepEqual(configurations.map(({ FunctionName }) => nameOf(direct, target(FunctionName))).sort(), OTHER_CONSUMERS);
    for (const { FunctionName, ...configuration } of configurations) {
      const consumer = target(FunctionName)!;
      assert.deepEqual(configuration, {
        Qualifier: '$LATEST',
        MaximumRetryAttempts: 2,
        MaximumEventAgeInSeconds: 6 * HOURS,
        DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': [failureQueueFor(direct, consumer), 'Arn'] } } },
      }, nameOf(direct, consumer));
    }
  });

  test('only its rules or its topic may invoke a consumer', () => {
    const permissions = propertiesOf(direct, 'AWS::Lambda::Permission');
    for (const { consumer, functionId } of asynchronous) {
      const allowed = permissions.filter(({ FunctionName }) => target(FunctionName) === functionId);
      const sources = asynchronous.filter((delivery) => delivery.functionId === functionId).map(({ principal, source }) => ({
        Action: 'lambda:InvokeFunction', FunctionName: { 'Fn::GetAtt': [functionId, 'Arn'] }, Principal: principal.Service, SourceArn: source,
      }));
      const sorted = (all: unknown[]) => all.map((one) => JSON.stringify(one)).sort();
      assert.deepEqual(sorted(allowed), sorted(sources), consumer);
    }
    const others = permissions.filter(({ Principal }) => /^(events|sns)\./.test(Principal));
    assert.equal(others.length, asynchronous.length);
  });
});

describe('queued delivery', () => {
  test('the queue of every consumer is polled', () => {
    assert.deepEqual(polling(queued).sort(), [...ALWAYS_POLLED, ...OTHER_CONSUMERS].sort());
    assert.ok(deliveriesOf(queued).every(({ queue }) => queue !== undefined));
  });

  test('events of an earlier direct delivery still have a failure destination', () => {
    const consumers = propertiesOf(queued, 'AWS::Lambda::EventInvokeConfig').map(({ FunctionName }) => nameOf(queued, target(FunctionName)));
    assert.deepEqual(consumers.sort(), OTHER_CONSUMERS);
  });

  test('no consumer is invoked asynchronously', () => {
    assert.deepEqual(propertiesOf(queued, 'AWS::Lambda::Permission').filter(({ Principal }) => /^(events|sns)\./.test(Principal)), []);
  });
});

for (const [delivery, template] of both) {
  describe(`queues with ${delivery} delivery`, () => {
    const queues = Object.entries(resources(template, 'AWS::SQS::Queue'));
    const failures = failureQueues(template);
    const work = queues.filter(([id]) => ![...failures.values()].includes(id));
    const deliveries = deliveriesOf(template);

    test('each service with something to fail has one failure queue, which keeps messages for two weeks', () => {
      const services = Object.values(resources(template, 'AWS::Lambda::EventSourceMapping')).map(({ Metadata }) => Metadata!.service);
      const consuming = Object.values(resources(template, 'AWS::SNS::Subscription')).map(({ Metadata }) => Metadata!.service);
      const ruled = Object.values(resources(template, 'AWS::Events::Rule')).map(({ Metadata }) => Metadata!.service);
      assert.deepEqual([...failures.keys()].sort(), [...new Set([...services, ...consuming, ...ruled])].sort());
      assert.ok(failures.size > 10);
      for (const [service, id] of failures) {
        const { MessageRetentionPeriod, RedrivePolicy } = resources(template, 'AWS::SQS::Queue')[id]!.Properties;
        assert.equal(MessageRetentionPeriod, 14 * DAYS, service);
        assert.equal(RedrivePolicy, undefined, service);
      }
    });

    test('nothing polls a failure queue', () => {
      const polled = propertiesOf(template, 'AWS::Lambda::EventSourceMapping').map(({ EventSourceArn }) => target(EventSourceArn));
      assert.deepEqual(polled.filter((id) => [...failures.values()].includes(id!)), []);
      assert.equal(work.length, polling(template).length);
    });

    test('each other queue has one reader, and gives up after ten receives', () => {
      for (const [id, { Properties }] of work) {
        const reader = readerOf(template, id);
        assert.deepEqual(Properties.RedrivePolicy, {
          deadLetterTargetArn: { 'Fn::GetAtt': [failureQueueFor(template, reader), 'Arn'] }, maxReceiveCount: 10,
        }, id);
      }
    });

    test('each consumer answers for single messages, and is done before they show up again', () => {
      for (const { EventSourceArn, FunctionName, FunctionResponseTypes } of propertiesOf(template, 'AWS::Lambda::EventSourceMapping')) {
        assert.deepEqual(FunctionResponseTypes, ['ReportBatchItemFailures']);
        const queue = resources(template, 'AWS::SQS::Queue')[target(EventSourceArn)!];
        if (queue === undefined) continue;
        const consumer = resources(template, 'AWS::Lambda::Function')[target(FunctionName)!]!;
        assert.ok(queue.Properties.VisibilityTimeout >= 6 * consumer.Properties.Timeout, consumer.Properties.Handler);
      }
    });

    test('what cannot be delivered goes to the failure queue of the consumer\'s service', () => {
      for (const { id, consumer, functionId, deadLetterQueue } of deliveries) {
        assert.ok(deadLetterQueue !== undefined, id);
        assert.equal(deadLetterQueue, failureQueueFor(template, functionId), consumer);
      }
    });

    test('each rule and topic may send to its queue and its dead-letter queue, and nothing else may', () => {
      for (const [id] of queues) {
        const expected = deliveries.filter(({ queue, deadLetterQueue }) => id === queue || id === deadLetterQueue)
          .map(({ principal, source }) => ({ principal, source }));
        const senders = sendersTo(template, id).map(({ Action, Condition, Principal, Resource }) => {
          assert.equal(Action, 'sqs:SendMessage');
          assert.deepEqual(Resource, { 'Fn::GetAtt': [id, 'Arn'] });
          const { ArnEquals, ...others } = Condition as any;
          assert.deepEqual(others, {});
          assert.deepEqual(Object.keys(ArnEquals), ['aws:SourceArn']);
          return { principal: Principal, source: ArnEquals['aws:SourceArn'] };
        });
        const sorted = (all: unknown[]) => all.map((one) => JSON.stringify(one)).sort();
        assert.deepEqual(sorted(senders), sorted(expected), id);
      }
    });

    test('no queue accepts plain HTTP', () => {
      for (const [id] of queues) {
        const denials = queuePolicies(template, id).filter(({ Effect }) => Effect === 'Deny');
        assert.deepEqual(denials.map(({ Condition }) => Condition), [{ Bool: { 'aws:SecureTransport': 'false' } }], id);
      }
    });

    // The policy of a queue replaces one that it had before.
    test('each queue has one policy, and each policy a queue', () => {
      const governed = propertiesOf(template, 'AWS::SQS::QueuePolicy').map(({ Queues }) => {
        assert.equal(Queues.length, 1);
        return target(Queues);
      });
      assert.deepEqual(governed.sort(), queues.map(([id]) => id).sort());
    });

    test('what waits in a queue is encrypted', () => {
      for (const [id, { Properties }] of queues) assert.equal(Properties.SqsManagedSseEnabled, true, id);
    });

    // Schedules delay: a queue that did would be polled.
    test('no queue delays its messages', () => {
      for (const [id, { Properties }] of queues) assert.equal(Properties.DelaySeconds, undefined, id);
    });
  });

  describe(`streams with ${delivery} delivery`, () => {
    const mappings = Object.values(resources(template, 'AWS::Lambda::EventSourceMapping'))
      .filter(({ Properties }) => Properties.StartingPosition !== undefined);

    test('a record is retried until it is published, alone where it fails, for as long as the stream keeps it', () => {
      assert.equal(mappings.length, FUNCTIONS.filter((name) => name.endsWith('-publisher')).length);
      for (const { Properties } of mappings) {
        assert.equal(Properties.StartingPosition, 'TRIM_HORIZON');
        assert.equal(Properties.BisectBatchOnFunctionError, true);
        assert.deepEqual(Properties.FunctionResponseTypes, ['ReportBatchItemFailures']);
        // A limit would drop records, and a destination takes none: their place is in the stream.
        for (const limit of ['MaximumRecordAgeInSeconds', 'MaximumRetryAttempts', 'DestinationConfig']) {
          assert.equal(Properties[limit], undefined, limit);
        }
      }
    });

    test('a record that cannot be translated is quarantined in the service\'s failure queue', () => {
      for (const { Metadata, Properties } of mappings) {
        const publisher = target(Properties.FunctionName)!;
        const failures = failureQueues(template).get(Metadata!.service)!;
        const { Environment: { Variables }, Handler } = resources(template, 'AWS::Lambda::Function')[publisher]!.Properties;
        assert.match(Handler, /-publisher$/);
        assert.deepEqual(Variables.QUARANTINE_QUEUE_URL, { Ref: failures });
        const sends = allowedTo(template, publisher).filter(({ Action }) => list(Action).includes('sqs:SendMessage'));
        assert.deepEqual(sends.map(({ Resource }) => Resource), [{ 'Fn::GetAtt': [failures, 'Arn'] }], Handler);
      }
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
}

describe('schedules', () => {
  const groups = resources(direct, 'AWS::Scheduler::ScheduleGroup');
  const [bus] = only(direct, 'AWS::Events::EventBus');
  const creators = Object.entries(resources(direct, 'AWS::Lambda::Function'))
    .filter(([, { Properties }]) => Properties.Environment.Variables.SCHEDULE_GROUP !== undefined);

  test('functions of three services create them', () => {
    assert.deepEqual(creators.map(([, { Properties }]) => Properties.Handler).sort(),
      ['payment-sandbox-api', 'privacy-on-event', 'shipping-carrier', 'shipping-on-command']);
    assert.deepEqual(Object.values(groups).map(({ Metadata }) => Metadata!.service).sort(), ['payment-sandbox', 'privacy', 'shipping']);
  });

  test('what they publish is consumed in the same service, or by the holders of customer data', () => {
    const consumers = (type: string) => deliveriesOf(direct)
      .filter(({ properties }) => properties.EventPattern?.['detail-type'].includes(type)).map(({ consumer }) => consumer).sort();
    assert.deepEqual(consumers('WebhookDue'), ['payment-sandbox-webhooks']);
    assert.deepEqual(consumers('ShipmentStepDue'), ['shipping-carrier']);
    assert.deepEqual(consumers('ErasureDelayPassed'), ['privacy-on-event']);
  });

  for (const [groupId, { Metadata }] of Object.entries(groups)) {
    const service = Metadata!.service;
    const [failures] = [failureQueues(direct).get(service)!];
    const roles = Object.entries(resources(direct, 'AWS::IAM::Role')).filter(([, role]) =>
      role.Metadata!.service === service && JSON.stringify(role.Properties.AssumeRolePolicyDocument).includes('scheduler.amazonaws.com'));
    const [roleId, role] = roles[0]!;

    test(`those of ${service} publish its events or fill its failure queue, in a role for nothing else`, () => {
      assert.equal(roles.length, 1);
      assert.deepEqual(role.Properties.AssumeRolePolicyDocument.Statement.map(({ Condition }: any) => Condition), [{
        StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
        ArnEquals: { 'aws:SourceArn': { 'Fn::GetAtt': [groupId, 'Arn'] } },
      }]);
      const [publish, send, ...others] = statementsOf(direct, roleId);
      assert.deepEqual(others, []);
      assert.equal(publish!.Action, 'events:PutEvents');
      assert.equal(target(publish!.Resource), bus);
      assert.match(JSON.stringify(publish!.Resource), /:event-bus\/",\{"Ref":"\w+"\}\]\]\}$/);
      assert.deepEqual(publish!.Condition, { 'ForAllValues:StringEquals': { 'events:source': [`shop.${service}`] } });
      assert.equal(send!.Action, 'sqs:SendMessage');
      assert.deepEqual(send!.Resource, { 'Fn::GetAtt': [failures, 'Arn'] });
      assert.equal(role.Properties.ManagedPolicyArns, undefined);
    });

    test(`functions of ${service} may create them in its group, and pass them its role`, () => {
      const own = creators.filter(([, creator]) => creator.Metadata!.service === service);
      assert.ok(own.length > 0, service);
      for (const [functionId, { Properties: { Environment: { Variables }, Handler } }] of own) {
        assert.equal(target(Variables.SCHEDULE_GROUP), groupId);
        assert.deepEqual(Variables.SCHEDULE_ROLE_ARN, { 'Fn::GetAtt': [roleId, 'Arn'] });
        assert.equal(target(Variables.SCHEDULE_BUS_ARN), bus);
        assert.deepEqual(Variables.SCHEDULE_FAILURES_ARN, { 'Fn::GetAtt': [failures, 'Arn'] });
        const allowed = (action: string) => allowedTo(direct, functionId).filter(({ Action }) => list(Action).includes(action));
        const [passes, ...otherPasses] = allowed('iam:PassRole');
        assert.deepEqual(otherPasses, []);
        assert.deepEqual(passes!.Resource, { 'Fn::GetAtt': [roleId, 'Arn'] });
        assert.deepEqual(passes!.Condition, { StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } });
        const [creates, ...otherCreates] = allowed('scheduler:CreateSchedule');
        assert.deepEqual(otherCreates, [], Handler);
        assert.match(JSON.stringify(creates!.Resource), new RegExp(`:schedule/",\\{"Ref":"${groupId}"\\},"/\\*"\\]\\]\\}$`));
      }
    });
  }
});

describe('customer data', () => {
  const rules = Object.values(resources(direct, 'AWS::Events::Rule'))
    .map(({ Metadata, Properties: { EventPattern } }) => ({ service: Metadata!.service, ...EventPattern }));
  const consumersOf = (type: string) => rules.filter((rule) => rule['detail-type'].includes(type));

  test('holders get each request, and their answers reach the privacy service', () => {
    const holders = consumersOf('CustomerExportRequested').map(({ service }) => service).sort();
    assert.deepEqual(holders, ['basket', 'notification', 'ordering', 'realtime']);
    // Each erases at once, or when orders in progress had the time to be charged and shipped.
    const erasing = ['CustomerErasureRequested', 'CustomerErasureDue'].flatMap((type) => consumersOf(type).map(({ service }) => `${service} ${type}`));
    assert.deepEqual(erasing.sort(), [
      'basket CustomerErasureRequested', 'notification CustomerErasureDue', 'ordering CustomerErasureDue',
      // It delays the others.
      'privacy CustomerErasureRequested', 'realtime CustomerErasureDue',
    ]);
    for (const { service, source } of rules.filter((rule) => holders.includes(rule.service) && JSON.stringify(rule).includes('"Customer'))) {
      assert.deepEqual(source, ['shop.privacy'], service);
    }
    const sources = holders.map((service) => `shop.${service}`).sort();
    for (const type of ['CustomerDataCollected', 'CustomerDataErased']) {
      assert.deepEqual(consumersOf(type).map(({ service, source }) => [service, [...source].sort()]), [['privacy', sources]]);
    }
  });

  test('erasures wait for as long as was asked for', () => {
    const delays = (template: Template) => propertiesOf(template, 'AWS::Lambda::Function')
      .map(({ Environment: { Variables }, Handler }) => [Handler, Variables.ERASURE_DELAY_SECONDS]).filter(([, delay]) => delay !== undefined);
    assert.deepEqual(delays(direct), [['privacy-on-event', '900']]);
    assert.deepEqual(delays(synthesize({ services: 'privacy', erasureDelaySeconds: '1' })), [['privacy-on-event', '1']]);
  });
});
