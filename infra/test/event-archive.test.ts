import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { resources, synthesize, target } from './template.ts';

const shop = synthesize();

describe('the archive of events', () => {
  test('keeps events for two weeks, except requests of customers about their data', () => {
    const archives = Object.values(resources(shop, 'AWS::Events::Archive'));
    assert.equal(archives.length, 1);
    const { SourceArn, RetentionDays, EventPattern } = archives[0]!.Properties;
    assert.equal(target(SourceArn), Object.keys(resources(shop, 'AWS::Events::EventBus'))[0]);
    assert.equal(RetentionDays, 14);
    assert.deepEqual(EventPattern, {
      source: [{ 'anything-but': ['shop.privacy'] }],
      'detail-type': [{ 'anything-but': ['CustomerDataCollected', 'CustomerDataErased', 'ShipmentStepDue', 'WebhookDue'] }],
    });
  });

  test('is known by outputs, with its bus', () => {
    const outputs = shop.toJSON().Outputs;
    assert.equal(target(outputs.ArchiveArn.Value), Object.keys(resources(shop, 'AWS::Events::Archive'))[0]);
    assert.equal(target(outputs.EventBusArn.Value), Object.keys(resources(shop, 'AWS::Events::EventBus'))[0]);
  });
});
