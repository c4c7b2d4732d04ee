import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CfnParameter, type Stack } from 'aws-cdk-lib';
import { CfnParameter as SsmParameter } from 'aws-cdk-lib/aws-ssm';
import type { ServiceStack } from '../constructs/service-stack.ts';
import { selectServices, type ServiceName } from '../services.ts';
import { readSettings, SettingError } from '../settings.ts';
import { allResources, type Context, EXPENSIVE, NAMES, type Resource, resources, stacks, synthesize, templatesOf } from './template.ts';

const CORE = ['product', 'basket', 'ordering'];

/** The services that are deployed with a service besides the core, in the order of deployment, if it needs others. */
const WITH: Partial<Readonly<Record<ServiceName, readonly ServiceName[]>>> = {
  payment: ['payment-sandbox', 'payment'],
  'payment-sandbox': ['payment-sandbox', 'payment'],
  fulfilment: ['inventory', 'payment-sandbox', 'payment', 'shipping', 'fulfilment'],
};

function selected(wanted: string, without = '', context: Context = {}): string[] {
  return selectServices(wanted, without, readSettings((name) => context[name])).map(({ name }) => name);
}

function assertRefused(choose: () => unknown, message: RegExp): void {
  assert.throws(choose, (error: Error) => {
    assert.ok(error instanceof SettingError, String(error));
    assert.match(error.message, message);
    return true;
  });
}

describe('the choice of services', () => {
  test('the core is products, baskets and orders, and is always deployed', () => {
    assert.deepEqual(selected('core'), CORE);
    assert.deepEqual(selected(''), CORE);
    const settings = readSettings(() => undefined);
    assert.deepEqual(selectServices('all', '', settings).filter(({ core }) => core).map(({ name }) => name), CORE);
  });

  for (const name of NAMES) {
    test(`${name} is deployed with the core and with what it needs`, () => {
      assert.deepEqual(selected(name), [...CORE, ...(WITH[name] ?? [name]).filter((added) => !CORE.includes(added))]);
    });
  }

  test('several services are deployed once each, in one order', () => {
    assert.deepEqual(selected('audit, payment,core,inventory,payment'), [...CORE, 'inventory', 'payment-sandbox', 'payment', 'audit']);
    assert.deepEqual(selected('all').sort(), [...NAMES].sort());
  });

  test('a payment provider of its own takes the place of the sandbox', () => {
    const own = { paymentProviderUrl: 'https://pay.example.com' };
    assert.deepEqual(selected('payment', '', own), [...CORE, 'payment']);
    assert.deepEqual(selected('all', '', own).sort(), NAMES.filter((name) => name !== 'payment-sandbox').sort());
  });

  test('services can be left out, if no other one needs them', () => {
    assert.deepEqual(selected('all', 'audit, realtime').sort(), NAMES.filter((name) => !['audit', 'realtime'].includes(name)).sort());
    assert.deepEqual(selected('all', 'fulfilment,shipping').sort(), NAMES.filter((name) => !['fulfilment', 'shipping'].includes(name)).sort());
    assertRefused(() => selected('all', 'shipping'), /^shipping cannot be removed: fulfilment needs it\.$/);
    assertRefused(() => selected('payment', 'payment-sandbox'), /^payment-sandbox cannot be removed: payment needs it\.$/);
  });

  test('the core cannot be left out', () => {
    for (const name of CORE) assertRefused(() => selected('all', name), new RegExp(`^${name} cannot be removed: it belongs to the core\\.$`));
    for (const name of ['core', 'all']) assertRefused(() => selected('all', name), /^product cannot be removed: it belongs to the core\.$/);
  });

  test('unknown services are refused with the known ones', () => {
    const message = /^There is no service delivery: choose among core, all, product, basket, ordering, .*\.$/;
    assertRefused(() => selected('audit,delivery'), message);
    assertRefused(() => selected('all', 'delivery'), message);
    assertRefused(() => selected('foundation'), /^There is no service foundation: /);
  });
});

/** The SSM parameters that a stack creates, and those that it reads when it is deployed. */
function valuesOf(stack: ServiceStack): { provided: string[]; read: string[] } {
  const constructs = stack.node.findAll();
  return {
    provided: constructs.filter((construct) => construct instanceof SsmParameter).map(({ name }) => name!),
    read: constructs.filter((construct) => construct instanceof CfnParameter).map((parameter) => String(parameter.default))
      .filter((name) => name.startsWith('/ferrocart/')),
  };
}

describe('stacks', () => {
  test('each is named after its stage and its service', () => {
    const names = (context: Context) => stacks(context).map(({ stackName }) => stackName);
    const of = (stage: string, ...services: string[]) => ['foundation', ...services, 'edge'].map((service) => `ferrocart-${stage}-${service}`);
    assert.deepEqual(names({ services: 'core' }), of('dev', ...CORE));
    assert.deepEqual(names({ services: 'audit', stage: 'prod' }), of('prod', ...CORE, 'audit'));
    assert.deepEqual(names({ services: 'all', without: 'privacy' }).sort(), of('dev', ...NAMES.filter((name) => name !== 'privacy')).sort());
  });

  // An export could neither change nor go while another stack imports it.
  test('no stack exports a value, or imports one', () => {
    for (const [service, template] of templatesOf()) {
      const exports = Object.values(template.Outputs ?? {}).filter((output: any) => output.Export !== undefined);
      assert.deepEqual(exports, [], service);
      assert.doesNotMatch(JSON.stringify(template), /Fn::ImportValue/, service);
    }
  });

  test('each has room below the 500 resources that CloudFormation takes, in the most expensive settings', (context) => {
    const sizes = [...templatesOf(EXPENSIVE)].map(([service, { Resources }]) => [service, Object.keys(Resources).length] as const);
    for (const [service, size] of sizes) assert.ok(size <= 300, `${service}: ${size}`);
    const sum = sizes.reduce((total, [, size]) => total + size, 0);
    context.diagnostic(`${sum} resources: ${sizes.map(([service, size]) => `${service} ${size}`).join(', ')}`);
    assert.ok(sum / NAMES.length <= 45, String(sum));
  });

  test('the core is the same, whatever else is deployed', () => {
    const [alone, together] = [templatesOf({ services: 'core' }), templatesOf()];
    for (const service of ['foundation', ...CORE]) assert.deepEqual(alone.get(service), together.get(service), service);
  });

  test('the core refers to no resource of other services', () => {
    const all = Object.entries(allResources(synthesize()));
    const isCore = ({ Metadata }: Resource) => ['foundation', ...CORE].includes(Metadata!.service);
    const [core, others] = [all.filter(([, resource]) => isCore(resource)), all.filter(([, resource]) => !isCore(resource))];
    assert.ok(core.length > 80 && others.length > 300, `${core.length} and ${others.length}`);
    for (const [id, resource] of core) {
      const text = JSON.stringify(resource);
      for (const [other] of others) assert.ok(!text.includes(`"${other}"`), `${id} refers to ${other}`);
    }
  });

  for (const services of ['core', 'all', ...NAMES.filter((name) => !CORE.includes(name))]) {
    test(`${services}: each value is read from a stack that is deployed before`, () => {
      const all = stacks({ services });
      const values = new Map(all.map((stack) => [stack, valuesOf(stack)]));
      for (const [stack, { read }] of values) {
        for (const name of read) {
          const owner = all.find((candidate) => values.get(candidate)!.provided.includes(name));
          assert.ok(owner !== undefined, `${stack.service} reads ${name}, which no stack provides`);
          assert.ok(stack.dependencies.includes(owner), `${stack.service} does not wait for ${owner.service}`);
        }
      }
      const names = (some: readonly Stack[]) => some.map(({ stackName }) => stackName).sort();
      const edge = all.at(-1)!;
      assert.deepEqual(names([...edge.dependencies, edge]), names(all), 'the edge is last');
    });
  }

  test('each value that a stack provides is read by another, by a function or by tools', () => {
    const values = stacks().map(valuesOf);
    const read = new Set(values.flatMap((one) => one.read));
    const rest = values.flatMap(({ provided }) => provided).filter((name) => !read.has(name));
    // `cargo xtask` reads the settings, and fills the bucket.
    assert.deepEqual(rest, ['/ferrocart/dev/foundation/settings', '/ferrocart/dev/site/bucket', '/ferrocart/dev/edge/api-url']);
    assert.match(JSON.stringify(synthesize().toJSON().Resources), /"API_URL_PARAMETER":"\/ferrocart\/dev\/edge\/api-url"/);
  });
});

const dev = synthesize();

/**
 * Properties whose names end in `Name` and that have the same value in each deployment of a stage:
 * those that have to be unique in an account contain the stage.
 */
const FIXED_NAMES: Readonly<Record<string, RegExp>> = {
  // Other stacks find them by these.
  'AWS::SSM::Parameter.Name': /^\/ferrocart\/dev\//,
  // EventBridge and API Gateway require a name.
  'AWS::Events::EventBus.Name': /^ferrocart-dev-foundation$/,
  'AWS::ApiGateway::RestApi.Name': /^ferrocart-dev-edge$/,
  'AWS::ApiGatewayV2::Api.Name': /^ferrocart-dev-realtime$/,
  // Parts of another resource.
  'AWS::ApiGateway::Stage.StageName': /^dev$/,
  'AWS::ApiGatewayV2::Stage.StageName': /^dev$/,
  'AWS::ApiGateway::Authorizer.Name': /SignedIn/,
  'AWS::ApiGatewayV2::Authorizer.Name': /SignedIn/,
  'AWS::CloudFront::Function.Name': /^ferrocart-dev-site-/,
  'AWS::Cognito::UserPoolGroup.GroupName': /^staff$/,
  'AWS::IAM::Policy.PolicyName': /Policy|Answers/,
  // The name of something else.
  'AWS::CloudWatch::Alarm.MetricName': /./,
};

test('no resource has a fixed physical name, so that stages live side by side', () => {
  const all = { ...allResources(dev), ...allResources(synthesize({ ...EXPENSIVE, stage: 'dev' })) };
  for (const [id, { Type, Properties = {} }] of Object.entries(all)) {
    for (const [name, value] of Object.entries(Properties)) {
      if (!name.endsWith('Name') || typeof value !== 'string') continue;
      assert.match(value, FIXED_NAMES[`${Type}.${name}`] ?? /^$/, `${id}.${name}`);
    }
  }
});

/** Types of resources that take no tags. */
const UNTAGGED = [
  'AWS::ApiGateway::Account', 'AWS::ApiGateway::Authorizer', 'AWS::ApiGateway::Deployment', 'AWS::ApiGateway::GatewayResponse',
  'AWS::ApiGateway::Method', 'AWS::ApiGateway::Model', 'AWS::ApiGateway::RequestValidator', 'AWS::ApiGateway::Resource',
  'AWS::ApiGateway::UsagePlanKey', 'AWS::ApiGatewayV2::Authorizer', 'AWS::ApiGatewayV2::Integration', 'AWS::ApiGatewayV2::Route',
  'AWS::ApiGatewayV2::RouteResponse', 'AWS::CloudFront::CachePolicy', 'AWS::CloudFront::OriginAccessControl',
  'AWS::CloudFront::ResponseHeadersPolicy', 'AWS::Cognito::UserPoolClient', 'AWS::Cognito::UserPoolGroup', 'AWS::Events::Archive',
  'AWS::IAM::Policy', 'AWS::Lambda::EventInvokeConfig', 'AWS::Lambda::Permission', 'AWS::Lambda::Url', 'AWS::S3::BucketPolicy',
  'AWS::SNS::Subscription', 'AWS::SNS::TopicPolicy', 'AWS::SQS::QueuePolicy', 'AWS::WAFv2::WebACLAssociation',
];

test('everything that takes tags has its project, its stage and its service as tags', () => {
  for (const [stage, template] of [['dev', dev], ['prod', synthesize(EXPENSIVE)]] as const) {
    for (const [id, { Type, Properties, Metadata }] of Object.entries(allResources(template))) {
      if (UNTAGGED.includes(Type)) continue;
      const given = Properties.Tags ?? Properties.UserPoolTags ?? Properties.ResourceTags ?? {};
      const tags = Array.isArray(given) ? Object.fromEntries(given.map(({ Key, Value }) => [Key, Value])) : given;
      assert.deepEqual({ ...tags }, { project: 'ferrocart', stage, service: Metadata!.service }, `${id} (${Type})`);
    }
  }
});

test('every queue, table and function is an output that tools can find', () => {
  for (const template of [dev, synthesize({ delivery: 'queued' })]) {
    const kinds = Object.keys(template.findOutputs('*')).map((name) => /^(Queue|Table|Function)/.exec(name)?.[0]);
    const count = (kind: string) => kinds.filter((candidate) => candidate === kind).length;
    assert.equal(count('Queue'), Object.keys(resources(template, 'AWS::SQS::Queue')).length);
    assert.equal(count('Table'), Object.keys(resources(template, 'AWS::DynamoDB::Table')).length);
    assert.equal(count('Function'), Object.keys(resources(template, 'AWS::Lambda::Function')).length);
  }
  assert.deepEqual(Object.keys(dev.findOutputs('QueueBasketFailures')), ['QueueBasketFailures']);
  assert.deepEqual(Object.keys(dev.findOutputs('QueueBasketOnProduct')), []);
  assert.deepEqual(Object.keys(synthesize({ delivery: 'queued' }).findOutputs('QueueBasketOnProduct')), ['QueueBasketOnProduct']);
});
