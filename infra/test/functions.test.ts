import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { RustFunction } from '../constructs/rust-function.ts';
import { ANSWERING, FUNCTIONS, propertiesOf, resources, SERVICES, stacks, synthesize, target } from './template.ts';
import { allServices } from '../services.ts';

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
    // Those of the services with functions, and the foundation.
    assert.equal(groups.size, allServices().filter(({ crate }) => crate !== null).length + 1);
    for (const [service, logs] of groups) assert.equal(logs.size, 1, service);
  });

  test('each is built for the processor that was asked for', () => {
    dev.allResourcesProperties('AWS::Lambda::Function', { Architectures: ['arm64'] });
    synthesize({ arch: 'x86_64' }).allResourcesProperties('AWS::Lambda::Function', { Architectures: ['x86_64'] });
  });
});

describe('retries', () => {
  /** At worst in milliseconds, timeout and visibility timeout in seconds, by the number of calls: docs/reliability.md. */
  const documented = new Map([...readFileSync(new URL('../../docs/reliability.md', import.meta.url), 'utf8')
    .matchAll(/^\| (\d) \| ([\d.]+) s \| (\d+) s \| (\d+) s \|/gm)]
    .map(([, calls, worst, timeout, visibility]) => [Number(calls), [Math.round(Number(worst) * 1000), Number(timeout), Number(visibility)]]));

  test('the calls of a function at their worst fit into its timeout, with half a second to answer', () => {
    const all = stacks().flatMap((stack) => stack.node.findAll()).filter((construct) => construct instanceof RustFunction);
    const calls = new Map(all.map(({ name, callsInSequence }) => [name, callsInSequence]));
    assert.equal(functions.length, FUNCTIONS.length);
    for (const { Handler, Environment: { Variables }, Timeout } of functions) {
      // Pauses double from 50 ms: three attempts have two of them.
      const worst = Number(Variables.AWS_MAX_ATTEMPTS) * Number(Variables.ATTEMPT_TIMEOUT_MS) + 50 + 100;
      assert.equal(Variables.AWS_MAX_ATTEMPTS, '3');
      assert.ok(calls.get(Handler)! * worst + 500 <= Timeout * 1000, `${Handler}: ${calls.get(Handler)} x ${worst} ms in ${Timeout} s`);
      assert.deepEqual(documented.get(calls.get(Handler)!), [worst * calls.get(Handler)! + 500, Timeout, 6 * Timeout], Handler);
    }
  });

  test('a function answers before the gateway gives up', () => {
    const behind = propertiesOf(dev, 'AWS::ApiGateway::Method')
      .filter(({ Integration }) => Integration.Type === 'AWS_PROXY')
      .map(({ Integration }) => target(Integration.Uri));
    const answering = Object.entries(resources(dev, 'AWS::Lambda::Function')).filter(([id]) => behind.includes(id));
    assert.equal(answering.length, ANSWERING.length);
    for (const [, { Properties: { Handler, Timeout } }] of answering) assert.ok(Timeout < 29, Handler);
  });
});
