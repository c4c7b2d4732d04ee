import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FUNCTIONS, propertiesOf, resources, SERVICES, synthesize, target } from './template.ts';

const dev = synthesize();
const functions = propertiesOf(dev, 'AWS::Lambda::Function');

describe('functions', () => {
  test('there is one for every handler that an executable has', () => {
    const outputs = Object.keys(dev.findOutputs('*')).filter((name) => name.startsWith('Function'));
    assert.equal(outputs.length, FUNCTIONS.length);
    assert.deepEqual(functions.map(({ Handler }) => Handler).sort(), [...FUNCTIONS].sort());
    for (const { Handler, Description } of functions) assert.equal(Description, `Ferrocart ${Handler} (dev)`);
    dev.allResourcesProperties('AWS::Lambda::Function', { Runtime: 'provided.al2023' });
  });

  test('the functions of a service are one executable', () => {
    const code = new Map<string, Set<string>>();
    for (const { Code, Environment: { Variables } } of functions) {
      const service = Variables.SERVICE as string;
      code.set(service, (code.get(service) ?? new Set()).add(Code.S3Key));
    }
    assert.deepEqual([...code.keys()].sort(), [...SERVICES].sort());
    for (const [service, keys] of code) assert.equal(keys.size, 1, service);
    assert.equal(new Set([...code.values()].flatMap((keys) => [...keys])).size, SERVICES.length);
  });

  test('each has a role of its own, and a log group that forgets', () => {
    const roles = new Set<string>();
    for (const { Handler, LoggingConfig, Role } of functions) {
      roles.add(target(Role)!);
      const logs = resources(dev, 'AWS::Logs::LogGroup')[target(LoggingConfig.LogGroup)!];
      assert.ok(logs!.Properties.RetentionInDays > 0, Handler);
    }
    assert.equal(roles.size, FUNCTIONS.length);
    for (const { RetentionInDays } of propertiesOf(dev, 'AWS::Logs::LogGroup')) assert.equal(RetentionInDays, 14);
    for (const { RetentionInDays } of propertiesOf(synthesize({ stage: 'prod' }), 'AWS::Logs::LogGroup')) assert.equal(RetentionInDays, 90);
  });

  test('the functions of a stack share its log group', () => {
    const groups = new Map<string, Set<string>>();
    for (const { Metadata, Properties } of Object.values(resources(dev, 'AWS::Lambda::Function'))) {
      const { service } = Metadata!;
      groups.set(service, (groups.get(service) ?? new Set()).add(target(Properties.LoggingConfig.LogGroup)!));
    }
    assert.equal(groups.size, 13);
    for (const [service, logs] of groups) assert.equal(logs.size, 1, service);
  });

  test('each is built for the processor that was asked for', () => {
    dev.allResourcesProperties('AWS::Lambda::Function', { Architectures: ['arm64'] });
    synthesize({ arch: 'x86_64' }).allResourcesProperties('AWS::Lambda::Function', { Architectures: ['x86_64'] });
  });
});

describe('retries', () => {
  /** Maximum AWS calls of each function in sequence, as docs/reliability.md counts them. */
  const callsInSequence: Record<string, number> = {
    'product-api': 3, 'product-publisher': 3, 'basket-api': 4, 'basket-on-product': 1, 'basket-publisher': 3,
    'ordering-api': 2, 'ordering-on-checkout': 2, 'basket-on-privacy': 4, 'ordering-on-privacy': 5,
    'payment-api': 1, 'payment-webhook': 3, 'payment-on-command': 4, 'payment-publisher': 3,
    'payment-sandbox-api': 4, 'payment-sandbox-webhooks': 4,
    'ordering-publisher': 3, 'ordering-on-event': 9, 'ordering-steps': 6,
    'realtime-authorizer': 1, 'realtime-connections': 2, 'realtime-messages': 6, 'realtime-on-order': 5, 'realtime-on-privacy': 5,
    'ordering-topic-relay': 1, 'audit-api': 1, 'audit-on-order': 1,
    'notification-on-checkout': 9, 'notification-on-order': 5, 'notification-on-privacy': 5,
    'privacy-api': 2, 'privacy-publisher': 3, 'privacy-on-event': 6, 'identity-on-sign-up': 1,
    'product-on-stock': 1, 'inventory-api': 3, 'inventory-steps': 4, 'inventory-publisher': 3,
    'shipping-api': 1, 'shipping-on-command': 2, 'shipping-carrier': 2, 'shipping-publisher': 3,
  };

  test('the calls of a function at their worst fit into its timeout, with half a second to answer', () => {
    assert.equal(functions.length, FUNCTIONS.length);
    for (const { Handler, Environment: { Variables }, Timeout } of functions) {
      const calls = callsInSequence[Handler];
      assert.ok(calls !== undefined, Handler);
      // Pauses double from 50 ms: three attempts have two of them.
      const worst = Number(Variables.AWS_MAX_ATTEMPTS) * Number(Variables.ATTEMPT_TIMEOUT_MS) + 50 + 100;
      assert.equal(Variables.AWS_MAX_ATTEMPTS, '3');
      assert.ok(calls * worst + 500 <= Timeout * 1000, `${Handler}: ${calls} x ${worst} ms in ${Timeout} s`);
    }
  });

  test('a function answers before the gateway gives up', () => {
    const behind = propertiesOf(dev, 'AWS::ApiGateway::Method')
      .filter(({ Integration }) => Integration.Type === 'AWS_PROXY')
      .map(({ Integration }) => target(Integration.Uri));
    const answering = Object.entries(resources(dev, 'AWS::Lambda::Function')).filter(([id]) => behind.includes(id));
    assert.equal(answering.length, 9);
    for (const [, { Properties: { Handler, Timeout } }] of answering) assert.ok(Timeout < 29, Handler);
  });
});
