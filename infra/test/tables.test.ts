import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Context, propertiesOf, resources, synthesize, target } from './template.ts';

const dev = synthesize();
const production = synthesize({ stage: 'prod' });
const tables = propertiesOf(dev, 'AWS::DynamoDB::Table');

describe('tables', () => {
  test('all are paid per request, so they cost nothing while idle and share nothing', () => {
    assert.ok(tables.length >= 16, String(tables.length));
    for (const template of [dev, production]) {
      template.allResourcesProperties('AWS::DynamoDB::Table', { BillingMode: 'PAY_PER_REQUEST' });
      // Neither a table nor an index has provisioned throughput.
      assert.doesNotMatch(JSON.stringify(template.toJSON()), /ProvisionedThroughput|AWS::ApplicationAutoScaling/);
    }
    assert.ok(tables.some(({ GlobalSecondaryIndexes }) => GlobalSecondaryIndexes !== undefined), 'a table with an index');
  });

  test('production keeps its tables and can restore them', () => {
    production.allResources('AWS::DynamoDB::Table', { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    production.allResourcesProperties('AWS::DynamoDB::Table', {
      DeletionProtectionEnabled: true,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    });
    production.allResources('AWS::Logs::LogGroup', { DeletionPolicy: 'Retain' });
  });

  test('a table is restorable where that was asked for, and in production unless it was declined', () => {
    const restorable = (context: Context) => {
      const some = propertiesOf(synthesize(context), 'AWS::DynamoDB::Table');
      assert.ok(some.length >= 6, String(some.length));
      return new Set(some.map(({ PointInTimeRecoverySpecification }) => PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled));
    };
    assert.deepEqual(restorable({}), new Set([false]));
    assert.deepEqual(restorable({ services: 'core', pointInTimeRecovery: 'true' }), new Set([true]));
    assert.deepEqual(restorable({ services: 'core', stage: 'prod', pointInTimeRecovery: 'false' }), new Set([false]));
  });

  test('all are encrypted with a key of AWS, or with one of the account where that was asked for', () => {
    const encryption = (template: typeof dev) => propertiesOf(template, 'AWS::DynamoDB::Table').map(({ SSESpecification }) => SSESpecification);
    const all = (enabled: boolean) => tables.map(() => ({ SSEEnabled: enabled }));
    // `SSEEnabled: false` selects a key that AWS owns, not one of the account. No table is
    // unencrypted.
    assert.deepEqual(encryption(dev), all(false));
    assert.deepEqual(encryption(synthesize({ encryption: 'aws-managed' })), all(true));
  });

  test('a development stage can be deleted, and leaves no table behind', () => {
    for (const { DeletionProtectionEnabled } of tables) assert.notEqual(DeletionProtectionEnabled, true);
    dev.allResources('AWS::DynamoDB::Table', { DeletionPolicy: 'Delete' });
  });

  test('rows expire in all tables but those of products, prices, payments and the audit', () => {
    const names = Object.entries(dev.findOutputs('*')).filter(([name]) => name.startsWith('Table'))
      .map(([name, { Value }]) => [target(Value)!, name] as const);
    const kept = names.filter(([id]) => resources(dev, 'AWS::DynamoDB::Table')[id]!.Properties.TimeToLiveSpecification === undefined);
    assert.deepEqual(kept.map(([, name]) => name).sort(), ['TableAudit', 'TablePayment', 'TablePrice', 'TableProduct']);
    const expiring = tables.map(({ TimeToLiveSpecification }) => TimeToLiveSpecification).filter((specification) => specification !== undefined);
    for (const specification of expiring) assert.deepEqual(specification, { AttributeName: 'expiresAt', Enabled: true });
  });
});
