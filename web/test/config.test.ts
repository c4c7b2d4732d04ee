import { expect, it } from 'vitest';
import { parseConfig } from '../src/shared/config.ts';

const USER_POOL = { id: 'eu-central-1_x', clientId: 'c', region: 'eu-central-1' };

it('a configuration has what is required, and leaves out what is absent', () => {
  expect(
    parseConfig({
      apiUrl: 'https://api.test/dev/',
      userPool: USER_POOL,
      services: ['product'],
      webSocketUrl: '',
      extra: 1,
    }),
  ).toEqual({ apiUrl: 'https://api.test/dev', userPool: USER_POOL, services: ['product'] });
});

it('an incomplete configuration names the field', () => {
  expect(() => parseConfig({ userPool: USER_POOL, services: [] })).toThrow('apiUrl');
  expect(() => parseConfig({ apiUrl: 'https://api.test', services: [] })).toThrow('userPool');
  expect(() => parseConfig({ apiUrl: 'https://api.test', userPool: USER_POOL })).toThrow('services');
});
