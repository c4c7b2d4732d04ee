import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { App, Stack, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { IConstruct } from 'constructs';
import { type Context, EXPENSIVE, stacks } from './template.ts';

/** Stages that together have every resource and every property that a setting decides. */
const STAGES: Readonly<Record<string, Context>> = {
  'the default settings': {},
  'all paid options': EXPENSIVE,
  'queues, mails and alarms': {
    delivery: 'queued', mailSender: 'shop@example.com', alarmEmail: 'oncall@example.com', encryption: 'aws-managed', passwordSignIn: 'false',
  },
};

interface Finding {
  readonly rule: string;
  readonly construct: string;
}

interface Acknowledgement extends Finding {
  readonly reason: string;
  readonly of: IConstruct;
}

/** Whatever the rules find in an app, acknowledged or not. */
function findingsIn(app: IConstruct): Finding[] {
  const checks = new AwsSolutionsChecks();
  Reflect.set(checks, 'isAcknowledged', () => false);
  return checks.validateScope(app).violations.flatMap(({ ruleName, violatingResources }) =>
    violatingResources.map(({ constructPath }) => ({ rule: ruleName, construct: constructPath! })));
}

function acknowledgementsIn(app: IConstruct): Acknowledgement[] {
  return app.node.findAll().flatMap((of) =>
    of.node.metadata.filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY).flatMap(({ data }) =>
      Object.entries(data as Record<string, string>).map(([id, reason]) =>
        ({ rule: id.replace(/^annotation::/i, ''), construct: of.node.path, reason, of }))));
}

const accepts = (acknowledged: Finding, found: Finding): boolean =>
  acknowledged.rule === found.rule && `${found.construct}/`.startsWith(`${acknowledged.construct}/`);

describe('cdk-nag', () => {
  const stages = Object.entries(STAGES).map(([name, context]) => {
    const app = stacks(context)[0]!.node.root;
    return { name, findings: findingsIn(app), acknowledgements: acknowledgementsIn(app) };
  });

  for (const { name, findings, acknowledgements } of stages) {
    test(`every finding is fixed, or acknowledged at its construct, with ${name}`, () => {
      assert.ok(findings.length > 0);
      assert.deepEqual(findings.filter((found) => !acknowledgements.some((one) => accepts(one, found))), []);
    });
  }

  test('an acknowledgement has a sentence as its reason, and covers no whole stack', () => {
    for (const { rule, construct, reason, of } of stages.flatMap(({ acknowledgements }) => acknowledgements)) {
      assert.match(reason, /^[A-Z].{20,}\.$/, `${rule} of ${construct}`);
      assert.ok(!Stack.isStack(of) && !App.isApp(of), `${rule} of ${construct}`);
    }
  });

  test('each reason is needed', () => {
    const needed = (reason: string) => stages.some(({ findings, acknowledgements }) =>
      acknowledgements.some((one) => one.reason === reason && findings.some((found) => accepts(one, found))));
    const reasons = new Set(stages.flatMap(({ acknowledgements }) => acknowledgements.map(({ reason }) => reason)));
    assert.deepEqual([...reasons].filter((reason) => !needed(reason)), []);
  });
});
