import { describe, expect, it } from 'vitest';
import { attemptKey, endAttempt } from '../src/shared/attempt.ts';
import { errorsOf } from '../src/storefront/checkout/form.ts';
import { MemoryStorage } from './storage.ts';

describe('the idempotency key', () => {
  it('stays the same for the same checkout, also after a reload', async () => {
    const storage = new MemoryStorage();
    const key = await attemptKey('checkout', '{"a":1}', storage);
    expect(await attemptKey('checkout', '{"a":1}', storage)).toBe(key);
    expect(key).toMatch(/^[\x21-\x7e]{1,255}$/);
  });

  it('is another one for another checkout', async () => {
    const storage = new MemoryStorage();
    const key = await attemptKey('checkout', '{"a":1}', storage);
    expect(await attemptKey('checkout', '{"a":2}', storage)).not.toBe(key);
  });

  it('is another one once the result is known', async () => {
    const storage = new MemoryStorage();
    const key = await attemptKey('checkout', '{"a":1}', storage);
    endAttempt('checkout', storage);
    expect(await attemptKey('checkout', '{"a":1}', storage)).not.toBe(key);
  });

  it('belongs to one action', async () => {
    const storage = new MemoryStorage();
    const key = await attemptKey('checkout', '{"a":1}', storage);
    expect(await attemptKey('receipt', '{"a":1}', storage)).not.toBe(key);
    expect(await attemptKey('checkout', '{"a":1}', storage)).toBe(key);
  });

  it('is stored without what was sent', async () => {
    const storage = new MemoryStorage();
    await attemptKey('checkout', '{"address":"1 Harbour Street"}', storage);
    expect([...storage.items.values()].join()).not.toContain('Harbour');
  });
});

it('blank fields and bad addresses are found before the shop is asked', () => {
  const form = {
    firstName: ' ',
    lastName: 'Hopper',
    email: 'grace',
    address: '1 Harbour Street',
    paymentMethod: 'CARD',
    paymentToken: '',
  } as const;
  expect(Object.keys(errorsOf(form)).sort()).toEqual(['email', 'firstName']);
  expect(errorsOf({ ...form, firstName: 'Grace', email: 'grace@example.com' })).toEqual({});
});
