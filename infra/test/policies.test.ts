import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Template } from 'aws-cdk-lib/assertions';
import { deliveriesOf } from './deliveries.ts';
import {
  allowedTo, allResources, ANSWERING, called, FUNCTIONS, list, nameOf, only, propertiesOf, resources, type Statement,
  synthesize, target, templatesOf,
} from './template.ts';

const template = synthesize();
const queued = synthesize({ delivery: 'queued' });
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
  SCHEDULE_BUS_ARN: 'schedules publish there, in a role of their own',
  SCHEDULE_FAILURES_ARN: 'schedules send there, in a role of their own',
};

describe('permissions', () => {
  const permissions = propertiesOf(template, 'AWS::Lambda::Permission');

  test('only the public API may call the functions behind it, by one permission each', () => {
    const [api] = only(template, 'AWS::ApiGateway::RestApi');
    const methods = propertiesOf(template, 'AWS::ApiGateway::Method').filter(({ Integration }) => Integration.Type === 'AWS_PROXY');
    assert.ok(methods.length > 40, String(methods.length));
    const behind = [...new Set(methods.map(({ Integration }) => called(template, Integration.Uri)))].sort();
    assert.deepEqual(behind, [...ANSWERING].sort());
    for (const name of behind) {
      const [permission, ...others] = permissions.filter(({ FunctionName }) => nameOf(template, target(FunctionName)) === name);
      assert.deepEqual(others, [], name);
      assert.equal(permission.Action, 'lambda:InvokeFunction');
      assert.equal(permission.Principal, 'apigateway.amazonaws.com');
      // A permission for each method would reach the limit of a function's policy.
      assert.ok(JSON.stringify(permission.SourceArn).endsWith(`:",{"Ref":"${api}"},"/*/*/*"]]}`), JSON.stringify(permission.SourceArn));
    }
  });

  test('only the payment provider has a URL of its own, which asks for its key', () => {
    const [, { Properties: url }] = only(template, 'AWS::Lambda::Url');
    assert.equal(url.AuthType, 'NONE');
    assert.equal(nameOf(template, target(url.TargetFunctionArn)), 'payment-sandbox-api');
    // Unauthenticated callers are let in by the function URL, and by nothing else.
    const world = permissions.filter(({ Principal }) => Principal === '*');
    for (const permission of world) {
      assert.equal(target(permission.FunctionName), target(url.TargetFunctionArn));
      assert.ok(permission.FunctionUrlAuthType === 'NONE' || permission.InvokedViaFunctionUrl === true);
    }
    assert.equal(world.length, 2);
  });

  test('nothing else may call a function but its sources of events, the WebSocket API and the user pool', () => {
    const count = (principal: string) => permissions.filter(({ Principal }) => Principal === principal).length;
    const known = ['*', 'events.amazonaws.com', 'sns.amazonaws.com', 'apigateway.amazonaws.com', 'cognito-idp.amazonaws.com'].map(count);
    const deliveries = deliveriesOf(template).filter(({ queue }) => queue === undefined);
    const from = (service: string) => deliveries.filter(({ principal }) => principal.Service === service).length;
    // Besides the functions behind the public API, four routes and authorizers of the WebSocket API.
    assert.deepEqual(known, [2, from('events.amazonaws.com'), from('sns.amazonaws.com'), ANSWERING.length + 4, 1]);
    assert.equal(permissions.length, known.reduce((sum, one) => sum + one));
  });

  test('a stage with a payment provider of its own has no other', () => {
    const stage = synthesize({ services: 'payment', paymentProviderUrl: 'https://pay.example.com' });
    assert.deepEqual(resources(stage, 'AWS::Lambda::Url'), {});
    const urls = propertiesOf(stage, 'AWS::Lambda::Function')
      .map(({ Environment: { Variables } }) => Variables.PROVIDER_URL).filter((url) => url !== undefined);
    assert.deepEqual(urls, ['https://pay.example.com']);
  });
});

describe('parameters', () => {
  const parameters = new Map(Object.values(functions).map(({ Properties: { Environment: { Variables }, Handler } }) =>
    [Handler, Object.fromEntries(Object.entries(Variables).filter(([name]) => name.endsWith('_PARAMETER')))] as const));

  test('functions know the names of the parameters that they read', () => {
    assert.deepEqual(Object.fromEntries([...parameters].filter(([, names]) => Object.keys(names).length > 0)), {
      'payment-on-command': { PROVIDER_KEY_PARAMETER: '/ferrocart/dev/payment/provider-key' },
      'payment-sandbox-api': { PROVIDER_KEY_PARAMETER: '/ferrocart/dev/payment/provider-key' },
      'payment-webhook': { WEBHOOK_SECRET_PARAMETER: '/ferrocart/dev/payment/webhook-secret' },
      'payment-sandbox-webhooks': {
        WEBHOOK_SECRET_PARAMETER: '/ferrocart/dev/payment/webhook-secret', API_URL_PARAMETER: '/ferrocart/dev/edge/api-url',
      },
    });
  });

  test('each function may read these parameters, and no other', () => {
    for (const [functionId, { Properties: { Handler } }] of Object.entries(functions)) {
      const granted = allowedTo(template, functionId).filter(({ Action }) => list(Action).some((action) => action.startsWith('ssm:')));
      const resource = (name: unknown) => JSON.stringify(
        { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':ssm:', { Ref: 'AWS::Region' }, ':', { Ref: 'AWS::AccountId' }, `:parameter${name}`]] });
      for (const { Action, Condition } of granted) {
        assert.equal(Action, 'ssm:GetParameter');
        assert.equal(Condition, undefined);
      }
      assert.deepEqual(granted.flatMap(({ Resource }) => list(Resource).map((one) => JSON.stringify(one))).sort(),
        Object.values(parameters.get(Handler)!).map(resource).sort(), Handler);
    }
  });

  test('the URL of the API is one of them', () => {
    const [api] = only(template, 'AWS::ApiGateway::RestApi');
    const provided = propertiesOf(template, 'AWS::SSM::Parameter').find(({ Name }) => Name === '/ferrocart/dev/edge/api-url');
    assert.match(JSON.stringify(provided!.Value), new RegExp(`"https://",\\{"Ref":"${api}"\\},`));
  });

  test('no template contains a secret, or creates one', () => {
    for (const [service, one] of templatesOf()) {
      assert.doesNotMatch(JSON.stringify(one), /AWS::SecretsManager|secretsmanager|\{\{resolve:|SecureString|NoEcho|whsec_/, service);
    }
    for (const { Name, Type } of propertiesOf(template, 'AWS::SSM::Parameter')) {
      assert.equal(Type, 'String');
      assert.doesNotMatch(Name, /^\/ferrocart\/dev\/payment\/(provider-key|webhook-secret)$/);
    }
  });
});

describe('least privilege', () => {
  const statements = Object.keys(functions).flatMap((functionId) => allowedTo(template, functionId));

  for (const [delivery, shop, sources] of [['direct', template, 11], ['queued', queued, 25]] as const) {
    test(`each function may log, have its sources polled and record what fails, with no action to spare: ${delivery}`, () => {
      assertSourcesAllowed(shop, sources);
    });
  }

  test('each function publishes events of its own service alone', () => {
    const [bus] = only(template, 'AWS::Events::EventBus');
    const publishing = Object.entries(functions).flatMap(([functionId, { Properties }]) =>
      allowedTo(template, functionId)
        .filter(({ Action }) => list(Action).includes('events:PutEvents'))
        .map((statement) => ({ service: Properties.Environment.Variables.SERVICE, ...statement })));
    // Publishers, holders of customer data, privacy and the payment sandbox.
    assert.equal(publishing.length, FUNCTIONS.filter((name) => /-(publisher|on-privacy)$/.test(name)).length + 2);
    for (const { service, Condition, Resource } of publishing) {
      assert.deepEqual(Condition, { 'ForAllValues:StringEquals': { 'events:source': [`shop.${service}`] } });
      assert.equal(target(Resource), bus);
    }
  });

  test('Lambda polls a source only after the function may', () => {
    for (const { FunctionName } of propertiesOf(queued, 'AWS::Lambda::EventSourceMapping')) {
      // The mapping depends on the function, the function on its role, and the policy is inline:
      // each is created first.
      const role = target(resources(queued, 'AWS::Lambda::Function')[target(FunctionName)!]!.Properties.Role)!;
      const [{ PolicyDocument }, ...others] = resources(queued, 'AWS::IAM::Role')[role]!.Properties.Policies;
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
});

/** The actions of AWS's own policies AWSLambdaSQSQueueExecutionRole and AWSLambdaDynamoDBExecutionRole. */
const POLLS = {
  queue: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
  stream: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
};

function assertSourcesAllowed(shop: Template, sources: number): void {
  const needs = new Map(Object.entries(resources(shop, 'AWS::Lambda::Function')).map(([functionId, { Properties }]) => {
    const { Environment: { Variables }, LoggingConfig } = Properties;
    // A function sends to every queue whose URL it receives.
    const queues = Object.entries(Variables).filter(([name]) => name.endsWith('QUEUE_URL')).map(([, url]) => arnOf(target(url)!));
    return [functionId, [
      ...grants(['logs:CreateLogStream', 'logs:PutLogEvents'], arnOf(target(LoggingConfig.LogGroup)!)),
      ...queues.flatMap((queue) => grants(['sqs:SendMessage'], queue)),
    ]];
  }));
  const mappings = propertiesOf(shop, 'AWS::Lambda::EventSourceMapping');
  assert.ok(mappings.length >= sources, String(mappings.length));
  for (const { EventSourceArn: source, FunctionName } of mappings) {
    const needed = needs.get(target(FunctionName)!)!;
    if (allResources(shop)[target(source)!]!.Type === 'AWS::SQS::Queue') {
      needed.push(...grants(POLLS.queue, source));
    } else {
      const anyStream = { 'Fn::Join': ['', [arnOf(target(source)!), '/stream/*']] };
      needed.push(...grants(POLLS.stream, source), ...grants(['dynamodb:ListStreams'], anyStream));
    }
  }
  for (const { DestinationConfig, FunctionName } of propertiesOf(shop, 'AWS::Lambda::EventInvokeConfig')) {
    needs.get(target(FunctionName)!)!.push(...grants(['sqs:SendMessage'], DestinationConfig.OnFailure.Destination));
  }
  for (const [functionId, needed] of needs) {
    const granted = allowedTo(shop, functionId)
      .flatMap(({ Action, Resource }) => list(Resource).flatMap((resource) => grants(list(Action), resource)))
      .filter((grant) => /^(logs|sqs):|StreamArn|\/stream\//.test(grant));
    assert.deepEqual(granted.sort(), needed.sort(), functionId);
  }
}

function arnOf(id: string): unknown {
  return { 'Fn::GetAtt': [id, 'Arn'] };
}

/** Each action on a resource, as a text to compare. */
function grants(actions: readonly string[], resource: unknown): string[] {
  return actions.map((action) => `${action} on ${JSON.stringify(resource)}`);
}

function grantedOn(functionId: string, resourceId: string): Set<string> {
  return new Set(allowedTo(template, functionId)
    .filter(({ Effect, Resource }) => Effect === 'Allow' && list(Resource).some((resource) => target(resource) === resourceId))
    .flatMap(({ Action }) => list(Action)));
}
