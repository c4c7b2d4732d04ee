import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { list, pathOf, resources, type Statement, statementsOf, synthesize, target } from './template.ts';

const template = synthesize();
const functions = resources(template, 'AWS::Lambda::Function');

/** Wildcards that cannot be avoided, each with its reason. */
const ALLOWED_WILDCARDS: { readonly action: string; readonly ending: string; readonly reason: string }[] = [
  {
    action: 'dynamodb:ListStreams',
    ending: '/stream/*',
    reason: 'ListStreams asks for the streams of a table, so it cannot name one of them',
  },
  {
    action: 'execute-api:ManageConnections',
    ending: '/@connections/*',
    reason: 'connections come and go; the method of the stage is named',
  },
  {
    action: 'scheduler:CreateSchedule',
    ending: '/*',
    reason: 'a schedule is named after its order or erasure; its group is named',
  },
];

/** Environment variables that functions receive but do not use themselves, each with its reason. */
const NOT_USED: Readonly<Record<string, string>> = {
  TOKEN_CLIENTS: 'whose tokens a function takes is for it to know',
  TOKEN_ISSUER: 'its keys are open to the world',
  PROVIDER_URL: 'the payment provider is open to the world, and asks for its key',
  WEBHOOK_URL: 'the shop is open to the world there, and looks at the signature',
  SCHEDULE_TARGET_ARN: 'schedules deliver there, in a role of their own',
  SCHEDULE_DEAD_LETTERS_ARN: 'schedules send there, in a role of their own',
};

function queuePolicies(queueId: string): Statement[] {
  return Object.values(resources(template, 'AWS::SQS::QueuePolicy'))
    .filter(({ Properties }) => Properties.Queues.some((queue: unknown) => target(queue) === queueId))
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement);
}

describe('edges', () => {
  test('each rule may send to its queue and its dead-letter queue, and no other rule may', () => {
    const rules = Object.entries(resources(template, 'AWS::Events::Rule'));
    assert.equal(rules.length, 11);
    for (const [ruleId, { Properties }] of rules) {
      for (const { Arn, DeadLetterConfig } of Properties.Targets) {
        for (const queueId of [target(Arn)!, target(DeadLetterConfig.Arn)!]) {
          const senders = queuePolicies(queueId).filter(({ Effect }) => Effect === 'Allow');
          assert.equal(senders.length, 1, queueId);
          assert.equal(senders[0]!.Action, 'sqs:SendMessage');
          assert.deepEqual(senders[0]!.Principal, { Service: 'events.amazonaws.com' });
          assert.deepEqual(senders[0]!.Condition, {
            ArnEquals: { 'aws:SourceArn': { 'Fn::GetAtt': [ruleId, 'Arn'] } },
          });
        }
      }
    }
  });

  test('each method of the API may call its function, from that method alone', () => {
    const ofRestApi = (source: unknown) => /"Ref":"Http\w+"/.test(JSON.stringify(source) ?? '');
    const permissions = Object.values(resources(template, 'AWS::Lambda::Permission'))
      .filter(({ Properties }) => ofRestApi(Properties.SourceArn)).map(({ Properties }) => ({
      function: target(Properties.FunctionName),
      principal: Properties.Principal,
      source: JSON.stringify(Properties.SourceArn),
    }));
    const methods = Object.values(resources(template, 'AWS::ApiGateway::Method'))
      .filter(({ Properties }) => Properties.Integration.Type === 'AWS_PROXY');
    assert.equal(methods.length, 29);
    assert.equal(permissions.length, methods.length);
    for (const { Properties } of methods) {
      const functionId = functionOf(Properties.Integration.Uri);
      // In an ARN a path parameter can only be a wildcard.
      const path = pathOf(template, Properties.ResourceId).replace(/{\w+}/g, '*');
      const permission = permissions.find((candidate) => candidate.function === functionId
        && candidate.source.endsWith(`"/${Properties.HttpMethod}${path}"]]}`));
      assert.ok(permission, `${Properties.HttpMethod} to ${functionId}`);
      assert.equal(permission.principal, 'apigateway.amazonaws.com');
      // Of this API and this stage only.
      for (const part of ['AWS::ApiGateway::RestApi', 'AWS::ApiGateway::Stage']) {
        assert.ok(Object.keys(resources(template, part)).some((id) => permission.source.includes(`{"Ref":"${id}"}`)), part);
      }
    }
  });

  test('only the payment provider has a URL of its own, which asks for its key', () => {
    const [url, ...others] = Object.values(resources(template, 'AWS::Lambda::Url'));
    assert.equal(others.length, 0);
    assert.equal(url!.Properties.AuthType, 'NONE');
    const provider = functions[target(url!.Properties.TargetFunctionArn)!]!;
    assert.match(provider.Properties.Description, /^Ferrocart payment-sandbox-api /);
    // Unauthenticated callers are let in by the function URL, and by nothing else.
    const world = Object.values(resources(template, 'AWS::Lambda::Permission')).filter(({ Properties }) => Properties.Principal === '*');
    for (const { Properties } of world) {
      assert.equal(target(Properties.FunctionName), target(url!.Properties.TargetFunctionArn));
      assert.ok(Properties.FunctionUrlAuthType === 'NONE' || Properties.InvokedViaFunctionUrl === true);
    }
    assert.ok(world.length > 0);
  });

  test('each secret is made up, named in no function, and read by those alone who need it', () => {
    const secrets = resources(template, 'AWS::SecretsManager::Secret');
    const madeUp = Object.entries(secrets).filter(([, { Properties }]) => Properties.SecretString === undefined);
    const composed = Object.values(secrets).filter(({ Properties }) => Properties.SecretString !== undefined);
    assert.equal(madeUp.length, 2);
    for (const [, { Properties }] of madeUp) assert.ok(Properties.GenerateSecretString.PasswordLength >= 32);
    // The webhook secret: a prefix, and a generated value.
    assert.deepEqual(composed.map(({ Properties }) => Properties.SecretString), [{
      'Fn::Join': ['', ['whsec_{{resolve:secretsmanager:', { 'Fn::GetAtt': [madeUp[1]![0], 'Id'] }, ':SecretString}}']],
    }]);
    const readers = new Map(Object.keys(secrets).map((id) => {
      const reading = Object.entries(functions).filter(([functionId]) => grantedOn(functionId, id).size > 0);
      for (const [functionId] of reading) assert.deepEqual([...grantedOn(functionId, id)], ['secretsmanager:GetSecretValue']);
      return [id.replace(/(Secret)?[0-9A-F]{8}$/, ''), reading.map(([, one]) => one.Properties.Description.split(' ')[1]).sort()];
    }));
    assert.deepEqual(readers, new Map([
      ['ProviderKey', ['payment-on-command', 'payment-sandbox-api']],
      ['WebhookSecretKey', []],
      ['Webhook', ['payment-sandbox-webhooks', 'payment-webhook']],
    ]));
  });

  test('the secret for webhooks is one of Standard Webhooks: Base64 of 24 to 64 bytes after its prefix', () => {
    const [key] = Object.entries(resources(template, 'AWS::SecretsManager::Secret')).filter(([id]) => /^WebhookSecretKey/.test(id));
    const { PasswordLength, ExcludePunctuation, ...others } = key![1].Properties.GenerateSecretString;
    assert.deepEqual(others, {});
    assert.equal(ExcludePunctuation, true);
    const example = 'a'.repeat(PasswordLength);
    const bytes = Buffer.from(example, 'base64');
    assert.equal(bytes.toString('base64'), example);
    assert.ok(bytes.length >= 24 && bytes.length <= 64, String(bytes.length));
  });

  test('a stage with a payment provider of its own has no other', () => {
    const stage = synthesize({ paymentProviderUrl: 'https://pay.example.com' });
    assert.deepEqual(resources(stage, 'AWS::Lambda::Url'), {});
    const told = Object.values(resources(stage, 'AWS::Lambda::Function'))
      .map(({ Properties }) => Properties.Environment.Variables.PROVIDER_URL).filter((url) => url !== undefined);
    assert.deepEqual(told, ['https://pay.example.com']);
  });

  test('the alarms of this stack may write to their topic, and nothing else may', () => {
    const mailed = synthesize({ alarmEmail: 'oncall@example.com' });
    const allowed = Object.values(resources(mailed, 'AWS::SNS::TopicPolicy'))
      .filter(({ Properties }) => Properties.Topics.some((topic: unknown) => target(topic)!.startsWith('Alarms')))
      .flatMap(({ Properties }) => Properties.PolicyDocument.Statement.filter(({ Effect }: Statement) => Effect === 'Allow'));
    assert.equal(allowed.length, 1);
    assert.deepEqual(allowed[0].Principal, { Service: 'cloudwatch.amazonaws.com' });
    assert.equal(allowed[0].Action, 'sns:Publish');
    assert.match(JSON.stringify(allowed[0].Condition.ArnLike['aws:SourceArn']), /:alarm:ferrocart-dev-\*"/);
  });

  /** The role of the schedules that these functions create, and what they may create and pass. */
  function scheduleRole(...creators: string[]): { statements: Statement[]; variables: Record<string, unknown>[] } {
    const variables = creators.map((name) => functions[functionNamed(name)]!.Properties.Environment.Variables);
    const roleId = target(variables[0].SCHEDULE_ROLE_ARN)!;
    const { AssumeRolePolicyDocument } = resources(template, 'AWS::IAM::Role')[roleId]!.Properties;
    const groupId = target(variables[0].SCHEDULE_GROUP)!;
    assert.ok(groupId in resources(template, 'AWS::Scheduler::ScheduleGroup'));
    assert.deepEqual(AssumeRolePolicyDocument.Statement.map(({ Principal, Condition }: Statement) => [Principal, Condition]), [[
      { Service: 'scheduler.amazonaws.com' },
      {
        StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
        ArnEquals: { 'aws:SourceArn': { 'Fn::GetAtt': [groupId, 'Arn'] } },
      },
    ]]);
    creators.forEach((name, index) => {
      assert.equal(target(variables[index].SCHEDULE_ROLE_ARN), roleId);
      assert.deepEqual(variables[index].SCHEDULE_GROUP, { Ref: groupId });
      const statements = statementsOf(template, target(functions[functionNamed(name)]!.Properties.Role)!);
      const passed = statements.filter(({ Action }) => Action === 'iam:PassRole');
      assert.equal(passed.length, 1);
      assert.deepEqual(passed[0]!.Resource, { 'Fn::GetAtt': [roleId, 'Arn'] });
      assert.deepEqual(passed[0]!.Condition, { StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } });
    });
    return { statements: statementsOf(template, roleId), variables };
  }

  for (const [what, consumer, ...creators] of [
    ['parcels', 'shipping-carrier', 'shipping-on-command', 'shipping-carrier'],
    ['erasures', 'privacy-on-event', 'privacy-on-event'],
  ] as const) {
    test(`schedules of ${what} may send to a queue of ${consumer} and its dead-letter queue, in a role for nothing else`, () => {
      const { statements, variables } = scheduleRole(...creators);
      for (const { SCHEDULE_TARGET_ARN, SCHEDULE_DEAD_LETTERS_ARN } of variables) {
        const granted = statements.flatMap(({ Action, Resource }) => list(Resource).flatMap((one) => grants(list(Action), one)));
        const needed = [SCHEDULE_TARGET_ARN, SCHEDULE_DEAD_LETTERS_ARN].flatMap((queue) => grants(['sqs:SendMessage'], queue));
        assert.deepEqual(granted.sort(), needed.sort());
        const queue = resources(template, 'AWS::SQS::Queue')[target(SCHEDULE_TARGET_ARN)!]!;
        assert.deepEqual(queue.Properties.RedrivePolicy.deadLetterTargetArn, SCHEDULE_DEAD_LETTERS_ARN);
      }
      // The consumer polls the queue that schedules send to.
      const polled = Object.values(resources(template, 'AWS::Lambda::EventSourceMapping'))
        .filter((mapping) => target(mapping.Properties.FunctionName) === functionNamed(consumer));
      assert.deepEqual(polled.map((mapping) => mapping.Properties.EventSourceArn), [variables[0]!.SCHEDULE_TARGET_ARN]);
    });
  }

  test('each function may log, have its sources polled and quarantine what fails, with no action to spare', () => {
    // The actions of AWS's own policies AWSLambdaSQSQueueExecutionRole and
    // AWSLambdaDynamoDBExecutionRole.
    const POLLS = {
      queue: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
      stream: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
    };
    const needs = new Map(Object.entries(functions).map(([functionId, { Properties }]) => {
      const { Environment: { Variables }, LoggingConfig } = Properties;
      const logs = { 'Fn::GetAtt': [target(LoggingConfig.LogGroup), 'Arn'] };
      // A function sends to every queue whose URL it receives.
      const queues = Object.entries(Variables).filter(([name]) => name.endsWith('QUEUE_URL'))
        .map(([, url]) => ({ 'Fn::GetAtt': [target(url), 'Arn'] }));
      return [functionId, [
        ...grants(['logs:CreateLogStream', 'logs:PutLogEvents'], logs),
        ...queues.flatMap((queue) => grants(['sqs:SendMessage'], queue)),
      ]];
    }));
    const mappings = Object.values(resources(template, 'AWS::Lambda::EventSourceMapping'));
    assert.equal(mappings.length, 25);
    for (const { Properties } of mappings) {
      const needed = needs.get(target(Properties.FunctionName)!)!;
      const source = Properties.EventSourceArn;
      if (typeOf(target(source)!) === 'AWS::SQS::Queue') {
        needed.push(...grants(POLLS.queue, source));
      } else {
        const anyStream = { 'Fn::Join': ['', [{ 'Fn::GetAtt': [target(source), 'Arn'] }, '/stream/*']] };
        needed.push(...grants(POLLS.stream, source), ...grants(['dynamodb:ListStreams'], anyStream));
      }
    }
    for (const [functionId, needed] of needs) {
      const granted = statementsOf(template, target(functions[functionId]!.Properties.Role)!)
        .flatMap(({ Action, Resource }) => list(Resource).flatMap((resource) => grants(list(Action), resource)))
        .filter((grant) => /^(logs|sqs):|StreamArn|\/stream\//.test(grant));
      assert.deepEqual(granted.sort(), needed.sort(), functionId);
    }
  });

  test('each function publishes events of its own service alone', () => {
    const telling = Object.values(functions).flatMap(({ Properties }) =>
      statementsOf(template, target(Properties.Role)!)
        .filter(({ Action }) => list(Action).includes('events:PutEvents'))
        .map(({ Condition }) => ({ service: Properties.Environment.Variables.SERVICE, Condition })));
    assert.equal(telling.length, 12);
    for (const { service, Condition } of telling) {
      assert.deepEqual(Condition, { 'ForAllValues:StringEquals': { 'events:source': [`shop.${service}`] } });
    }
  });

  test('Lambda polls a source only after the function may', () => {
    for (const { Properties } of Object.values(resources(template, 'AWS::Lambda::EventSourceMapping'))) {
      // The mapping depends on the function, the function on its role, and the policy is inline:
      // each is created first.
      const role = target(functions[target(Properties.FunctionName)!]!.Properties.Role)!;
      const [{ PolicyDocument }, ...others] = resources(template, 'AWS::IAM::Role')[role]!.Properties.Policies;
      assert.equal(others.length, 0, role);
      const polls = /^(sqs:ReceiveMessage|dynamodb:GetRecords)$/;
      assert.ok(PolicyDocument.Statement.some(({ Action }: Statement) => list(Action).some((action) => polls.test(action))), role);
    }
  });

  test('each table, bus and queue in a function\'s environment is one that it may use', () => {
    for (const [functionId, { Properties }] of Object.entries(functions)) {
      for (const [name, value] of Object.entries(Properties.Environment.Variables)) {
        const resourceId = target(value);
        if (resourceId === undefined || name in NOT_USED) continue;
        assert.ok(grantedOn(functionId, resourceId).size > 0, `${functionId}.${name}`);
      }
    }
  });
});

describe('least privilege', () => {
  const statements = Object.values(functions).flatMap(({ Properties }) => statementsOf(template, target(Properties.Role)!));

  test('no action is a wildcard', () => {
    const policies = Object.keys(functions).length;
    assert.ok(statements.length > policies);
    for (const { Action } of statements) {
      for (const action of list(Action)) assert.ok(!action.includes('*'), action);
    }
  });

  test('no resource is a wildcard that could be avoided', () => {
    for (const { Action, Resource } of statements) {
      for (const resource of list(Resource)) {
        const text = JSON.stringify(resource);
        if (!text.includes('*')) continue;
        for (const action of list(Action)) {
          const allowed = ALLOWED_WILDCARDS.some((wildcard) =>
            wildcard.action === action && text.includes(`${wildcard.ending}"`));
          assert.ok(allowed, `${action} on ${text}`);
        }
      }
    }
  });

  test('no function has a managed policy', () => {
    for (const { Properties } of Object.values(functions)) {
      const role = resources(template, 'AWS::IAM::Role')[target(Properties.Role)!]!;
      assert.equal(role.Properties.ManagedPolicyArns, undefined);
    }
  });

  test('queues refuse plain HTTP', () => {
    for (const queueId of Object.keys(resources(template, 'AWS::SQS::Queue'))) {
      const denials = queuePolicies(queueId).filter(({ Effect }) => Effect === 'Deny');
      assert.deepEqual(denials.map(({ Condition }) => Condition), [{ Bool: { 'aws:SecureTransport': 'false' } }], queueId);
    }
  });
});

function typeOf(logicalId: string): string {
  return (template.toJSON().Resources as Record<string, { Type: string }>)[logicalId]!.Type;
}

/** The function with this name. */
function functionNamed(binary: string): string {
  return Object.keys(functions).find((id) => functions[id]!.Properties.Description.startsWith(`Ferrocart ${binary} (`))!;
}

/** The function that an integration's URI names between its fixed parts. */
function functionOf(uri: unknown): string | undefined {
  const text = JSON.stringify(uri);
  return Object.keys(functions).find((id) => text.includes(`"${id}"`));
}

/** Each action on a resource, as a text to compare. */
function grants(actions: readonly string[], resource: unknown): string[] {
  return actions.map((action) => `${action} on ${JSON.stringify(resource)}`);
}

function grantedOn(functionId: string, resourceId: string): Set<string> {
  return new Set(statementsOf(template, target(functions[functionId]!.Properties.Role)!)
    .filter(({ Effect, Resource }) => Effect === 'Allow' && list(Resource).some((resource) => target(resource) === resourceId))
    .flatMap(({ Action }) => list(Action)));
}
