import assert from 'node:assert/strict';
import { test } from 'node:test';
import { synthesize } from './template.ts';

test('ordering refers to no resource of fulfilment, inventory, payment or shipping', () => {
  const { Resources } = synthesize().toJSON() as { Resources: Record<string, unknown> };
  const ordering = Object.entries(Resources).filter(([id]) => id.startsWith('Ordering'));
  assert.ok(ordering.length > 20);
  for (const [id, resource] of ordering) {
    assert.doesNotMatch(JSON.stringify(resource), /"(Fulfilment|Inventory|Payment|Shipping)/, id);
  }
});
