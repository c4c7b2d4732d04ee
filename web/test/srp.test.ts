import { createHash, createHmac } from 'node:crypto';
import { expect, it } from 'vitest';
import { signChallenge, srpTimestamp, startSrp } from '../src/shared/srp.ts';

/** The group's prime is defined by digits of pi (RFC 3526): Machin's formula, with bits to spare. */
function timesPi(shift: bigint): bigint {
  const one = 1n << (shift + 64n);
  const arctan = (inverse: bigint): bigint => {
    let [sum, term, sign] = [0n, one / inverse, 1n];
    for (let divisor = 1n; term > 0n; divisor += 2n) {
      sum += sign * (term / divisor);
      term /= inverse * inverse;
      sign = -sign;
    }
    return sum;
  };
  return (4n * (4n * arctan(5n) - arctan(239n))) >> 64n;
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  if (exponent === 0n) return 1n;
  const half = power(base, exponent / 2n, modulus);
  return (half * half * (exponent % 2n === 1n ? base : 1n)) % modulus;
}

/** Two's complement, as Java's `BigInteger.toByteArray`. */
function bytes(value: bigint): Buffer {
  const digits = value.toString(16);
  const even = digits.length % 2 === 1 ? `0${digits}` : digits;
  const found = Buffer.from(even, 'hex');
  return (found[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), found]) : found;
}

function number(digest: Buffer): bigint {
  return BigInt(`0x${digest.toString('hex')}`);
}

/** The server's side, written with other means. It knows the verifier and not the password. */
class Server {
  static readonly N = 2n ** 3072n - 2n ** 3008n - 1n + 2n ** 64n * (timesPi(2942n) + 1690314n);
  readonly salt = '00a1b2c3d4e5f60718293a4b5c6d7e8f';
  readonly secretBlock = Buffer.from('a secret block').toString('base64');
  readonly b = 0x1234567890abcdefn;
  readonly verifier: bigint;
  readonly publicValue: bigint;

  constructor(pool: string, userId: string, password: string) {
    const { N } = Server;
    const inner = createHash('sha256').update(`${pool}${userId}:${password}`).digest();
    const x = number(
      createHash('sha256')
        .update(bytes(BigInt(`0x${this.salt}`)))
        .update(inner)
        .digest(),
    );
    this.verifier = power(2n, x, N);
    const k = number(createHash('sha256').update(bytes(N)).update(bytes(2n)).digest());
    this.publicValue = (k * this.verifier + power(2n, this.b, N)) % N;
  }

  signature(clientPublic: bigint, pool: string, userId: string, timestamp: string): string {
    const { N } = Server;
    const u = number(createHash('sha256').update(bytes(clientPublic)).update(bytes(this.publicValue)).digest());
    const shared = power(clientPublic * power(this.verifier, u, N), this.b, N);
    const extracted = createHmac('sha256', bytes(u)).update(bytes(shared)).digest();
    const key = createHmac('sha256', extracted).update('Caldera Derived Key\u0001').digest().subarray(0, 16);
    return createHmac('sha256', key)
      .update(pool + userId)
      .update(Buffer.from(this.secretBlock, 'base64'))
      .update(timestamp)
      .digest('base64');
  }
}

it('the signature is the one that a server expects', async () => {
  const timestamp = srpTimestamp(new Date('2026-01-03T04:05:06Z'));
  for (const secret of [3n, 2n ** 1023n + 12345n]) {
    const client = startSrp(secret);
    const server = new Server('Ab12', 'grace', 'Correct-Horse-1');
    const challenge = {
      salt: server.salt,
      serverPublicValue: server.publicValue.toString(16),
      userId: 'grace',
      secretBlock: server.secretBlock,
    };
    const expected = server.signature(BigInt(`0x${client.publicValue}`), 'Ab12', 'grace', timestamp);
    expect(await signChallenge(client, challenge, 'eu-central-1_Ab12', 'Correct-Horse-1', timestamp)).toBe(expected);
    expect(await signChallenge(client, challenge, 'eu-central-1_Ab12', 'Correct-Horse-2', timestamp)).not.toBe(
      expected,
    );
  }
});

it('a public value that gives the key away is refused', async () => {
  const challenge = { salt: '01', serverPublicValue: Server.N.toString(16), userId: 'grace', secretBlock: '' };
  await expect(signChallenge(startSrp(), challenge, 'r_p', 'x', '')).rejects.toThrow();
});

it('the timestamp has the form that Cognito reads', () => {
  expect(srpTimestamp(new Date('2026-01-03T04:05:06Z'))).toBe('Sat Jan 3 04:05:06 UTC 2026');
  expect(srpTimestamp(new Date('2026-12-31T23:59:59Z'))).toBe('Thu Dec 31 23:59:59 UTC 2026');
});
