import { beforeEach, expect, it, vi } from 'vitest';
import { CognitoError, type SignInResult, type Tokens } from '../src/shared/cognito.ts';
import { Session } from '../src/shared/session.ts';
import { MemoryStorage } from './storage.ts';

const HOUR_MS = 3_600_000;
let now = 0;
let storage = new MemoryStorage();

beforeEach(() => {
  now = Date.UTC(2026, 0, 31);
  storage = new MemoryStorage();
});

function idToken(claims: object = {}): string {
  const payload = {
    sub: 'id-1',
    email: 'g@example.com',
    'cognito:username': 'grace',
    exp: (now + HOUR_MS) / 1000,
    ...claims,
  };
  return `h.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.s`;
}

function cognito({ renew }: { renew?: (token: string) => Promise<Tokens> } = {}) {
  return {
    signIn: vi.fn(async (): Promise<SignInResult> => ({
      tokens: { idToken: idToken(), accessToken: 'a', refreshToken: 'r1' },
    })),
    answer: vi.fn(async (): Promise<SignInResult> => ({
      tokens: { idToken: idToken(), accessToken: 'a', refreshToken: 'r1' },
    })),
    renew: vi.fn(renew ?? (async () => ({ idToken: idToken(), accessToken: 'a2' }))),
    revoke: vi.fn(async () => undefined),
  };
}

function sessionWith(client: ReturnType<typeof cognito>): Session {
  return new Session(client, storage, () => now);
}

it('a visitor without a refresh token is a guest, and nobody is asked', async () => {
  const client = cognito();
  const session = sessionWith(client);
  await session.restore();
  expect(session.state()).toEqual({ status: 'signedOut', ended: false });
  expect(await session.idToken()).toBeUndefined();
  expect(client.renew).not.toHaveBeenCalled();
});

it('a sign-in stores the refresh token only', async () => {
  const session = sessionWith(cognito());
  await session.signIn('grace', 'pw');
  expect(session.state()).toMatchObject({
    status: 'signedIn',
    user: { userName: 'grace', customerId: 'id-1', isStaff: false },
  });
  expect([...storage.items.values()]).toEqual(['r1']);
});

it('a token is renewed shortly before it expires, once for all callers', async () => {
  const client = cognito();
  const session = sessionWith(client);
  await session.signIn('grace', 'pw');
  now += HOUR_MS - 61_000;
  await session.idToken();
  expect(client.renew).not.toHaveBeenCalled();
  now += 2_000;
  const [one, other] = await Promise.all([session.idToken(), session.idToken()]);
  expect(one).toBe(other);
  expect(client.renew).toHaveBeenCalledExactlyOnceWith('r1');
});

it('a refused refresh token ends the session, and says so', async () => {
  const session = sessionWith(
    cognito({
      renew: async () => {
        throw new CognitoError('NotAuthorizedException', 'revoked');
      },
    }),
  );
  await session.signIn('grace', 'pw');
  expect(await session.renewedIdToken()).toBeUndefined();
  expect(session.state()).toEqual({ status: 'signedOut', ended: true });
  expect(storage.items.size).toBe(0);
});

it('a lost connection does not sign out', async () => {
  const session = sessionWith(
    cognito({
      renew: async () => {
        throw new TypeError('Failed to fetch');
      },
    }),
  );
  await session.signIn('grace', 'pw');
  now += HOUR_MS;
  await expect(session.idToken()).rejects.toThrow(TypeError);
  expect(session.state().status).toBe('signedIn');
  expect(storage.items.size).toBe(1);
});

it('a renewal that ends after the sign-out signs nobody in', async () => {
  let finish: (tokens: Tokens) => void = () => undefined;
  const session = sessionWith(
    cognito({
      renew: () =>
        new Promise((resolve) => {
          finish = resolve;
        }),
    }),
  );
  await session.signIn('grace', 'pw');
  const renewal = session.renewedIdToken();
  await session.signOut();
  finish({ idToken: idToken(), accessToken: 'a' });
  expect(await renewal).toBeUndefined();
  expect(session.state().status).toBe('signedOut');
});

it('a sign-out revokes the refresh token and forgets it', async () => {
  const client = cognito();
  const session = sessionWith(client);
  await session.signIn('grace', 'pw');
  await session.signOut();
  expect(client.revoke).toHaveBeenCalledWith('r1');
  expect(storage.items.size).toBe(0);
});

it('another tab signs this one in and out', async () => {
  const session = sessionWith(cognito());
  storage.setItem('ferrocart.refreshToken', 'r2');
  session.onStorage({ key: 'ferrocart.refreshToken', newValue: 'r2' });
  await vi.waitFor(() => expect(session.state().status).toBe('signedIn'));
  storage.removeItem('ferrocart.refreshToken');
  session.onStorage({ key: 'ferrocart.refreshToken', newValue: null });
  expect(session.state()).toEqual({ status: 'signedOut', ended: false });
});

it('staff are those in the group', async () => {
  const client = cognito();
  client.signIn.mockResolvedValue({
    tokens: { idToken: idToken({ 'cognito:groups': ['staff'] }), accessToken: 'a', refreshToken: 'r' },
  });
  const session = sessionWith(client);
  await session.signIn('ada', 'pw');
  expect(session.state()).toMatchObject({ user: { isStaff: true } });
});

it('a second factor is asked for before anybody is signed in', async () => {
  const client = cognito();
  const challenge = { name: 'SOFTWARE_TOKEN_MFA', session: 's', userName: 'grace' } as const;
  client.signIn.mockResolvedValue({ challenge });
  const session = sessionWith(client);
  expect(await session.signIn('grace', 'pw')).toEqual(challenge);
  expect(session.state().status).toBe('loading');
  expect(await session.answer(challenge, '123456')).toBeUndefined();
  expect(session.state().status).toBe('signedIn');
});
