import { expect, it } from 'vitest';
import { problemOf } from '../src/shared/account/messages.ts';
import { createApi } from '../src/shared/api.ts';
import { CognitoError } from '../src/shared/cognito.ts';
import { safeNext } from '../src/shared/next.ts';
import { exportAll } from '../src/storefront/account/export.ts';

it('a sign-in leads to pages of this shop only', () => {
  expect(safeNext('/orders/1?a=b')).toBe('/orders/1?a=b');
  for (const next of [
    null,
    '',
    'https://evil.test',
    '//evil.test',
    '/\\evil.test',
    'javascript:alert(1)',
    '/\t/evil.test',
  ]) {
    expect(safeNext(next)).toBe('/');
  }
});

it('a wrong name and a wrong password look the same', () => {
  const texts = ['NotAuthorizedException', 'UserNotFoundException'].map(
    (kind) => problemOf(new CognitoError(kind, 'x'))?.text,
  );
  expect(texts[0]).toBe(texts[1]);
});

it('refusals are shown beside their fields', () => {
  expect(problemOf(new CognitoError('UsernameExistsException', 'x'))?.field).toBe('userName');
  expect(problemOf(new CognitoError('UserLambdaValidationException', 'PreSignUp failed with error x.'))?.field).toBe(
    'userName',
  );
  expect(problemOf(new TypeError('Failed to fetch'))).toBeUndefined();
});

it('an export waits until it is ready, and joins its pages', async () => {
  const answers = [
    new Response('{"status":"COLLECTING"}', { status: 202, headers: { 'Retry-After': '3' } }),
    new Response(
      '{"customerId":"c","requestId":"r","requestedAt":"t","data":{"ordering":[{"totalPrice":10.50}],"basket":[]},"nextCursor":"2"}',
    ),
    new Response(
      '{"customerId":"c","requestId":"r","requestedAt":"t","data":{"ordering":[{"totalPrice":1}],"realtime":[{}]}}',
    ),
  ];
  const waited: number[] = [];
  const api = createApi(
    'https://api.test',
    { idToken: async () => 't', renewedIdToken: async () => 't' },
    async () => answers.shift() ?? Response.error(),
  );
  const all = await exportAll(api, async (seconds) => {
    waited.push(seconds);
  });
  expect(waited).toEqual([3]);
  expect(all.data).toEqual({ ordering: [{ totalPrice: '10.50' }, { totalPrice: '1' }], basket: [], realtime: [{}] });
  expect(all).not.toHaveProperty('nextCursor');
});
