/**
 * The client's side of Cognito's variant of SRP (RFC 5054), so that no password leaves the browser.
 *
 * Cognito uses the 3072-bit group with the generator 2, SHA-256, and a key that HKDF derives. Numbers
 * are hashed as two's complement: with a leading zero byte where the highest bit is set.
 */

const N = BigInt(
  `0x${[
    'FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD',
    'EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED',
    'EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F',
    '83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B',
    'E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510',
    '15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7',
    'ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C',
    'BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF',
  ].join('')}`,
);
const G = 2n;
const KEY_INFO = 'Caldera Derived Key';

/** One sign-in: a secret number and the public one that goes to Cognito. */
export interface SrpSession {
  /** `SRP_A`. */
  readonly publicValue: string;
  readonly secret: bigint;
}

/** What Cognito answers with: the parameters of the challenge `PASSWORD_VERIFIER`. */
export interface PasswordChallenge {
  readonly salt: string;
  readonly serverPublicValue: string;
  readonly userId: string;
  readonly secretBlock: string;
}

export function startSrp(secret: bigint = randomSecret()): SrpSession {
  return { secret, publicValue: power(G, secret, N).toString(16) };
}

/** `PASSWORD_CLAIM_SIGNATURE`: proves the knowledge of the password, in Base64. */
export async function signChallenge(
  session: SrpSession,
  challenge: PasswordChallenge,
  poolId: string,
  password: string,
  timestamp: string,
): Promise<string> {
  // Cognito names a pool by the part of its id behind the region.
  const pool = poolId.slice(poolId.indexOf('_') + 1);
  const a = BigInt(`0x${session.publicValue}`);
  const b = BigInt(`0x${challenge.serverPublicValue}`);
  if (b % N === 0n) throw new Error('The server’s public value is invalid.');
  const u = await hash(pad(a), pad(b));
  if (u === 0n) throw new Error('The server’s public value is invalid.');
  const k = await hash(pad(N), pad(G));
  const identity = new Uint8Array(
    await crypto.subtle.digest('SHA-256', utf8(`${pool}${challenge.userId}:${password}`)),
  );
  const x = await hash(pad(BigInt(`0x${challenge.salt}`)), identity);
  const base = (((b - k * power(G, x, N)) % N) + N) % N;
  const shared = power(base, session.secret + u * x, N);

  const material = await crypto.subtle.importKey('raw', pad(shared), 'HKDF', false, ['deriveBits']);
  const key = await crypto.subtle.deriveBits(
    { name: 'HKDF', hash: 'SHA-256', salt: pad(u), info: utf8(KEY_INFO) },
    material,
    128,
  );
  const signing = await crypto.subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  const message = concat(utf8(pool), utf8(challenge.userId), fromBase64(challenge.secretBlock), utf8(timestamp));
  return toBase64(new Uint8Array(await crypto.subtle.sign('HMAC', signing, message)));
}

/** The form that Cognito requires, such as `Sat Jan 31 12:00:00 UTC 2026`. */
export function srpTimestamp(date: Date): string {
  const [day, month, weekday] = [
    date.getUTCDate(),
    date.toLocaleString('en', { month: 'short', timeZone: 'UTC' }),
    date.toLocaleString('en', { weekday: 'short', timeZone: 'UTC' }),
  ];
  return `${weekday} ${month} ${day} ${date.toISOString().slice(11, 19)} UTC ${date.getUTCFullYear()}`;
}

type Bytes = Uint8Array<ArrayBuffer>;

function randomSecret(): bigint {
  return toNumber(crypto.getRandomValues(new Uint8Array(128))) % N;
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  let factor = base % modulus;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * factor) % modulus;
    factor = (factor * factor) % modulus;
  }
  return result;
}

async function hash(...parts: Bytes[]): Promise<bigint> {
  return toNumber(new Uint8Array(await crypto.subtle.digest('SHA-256', concat(...parts))));
}

function pad(number: bigint): Bytes {
  let digits = number.toString(16);
  if (digits.length % 2 === 1) digits = `0${digits}`;
  if (/^[89a-f]/.test(digits)) digits = `00${digits}`;
  return Uint8Array.from(digits.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}

function toNumber(bytes: Uint8Array): bigint {
  return BigInt(`0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`);
}

function utf8(text: string): Bytes {
  return new TextEncoder().encode(text) as Bytes;
}

function concat(...parts: Uint8Array[]): Bytes {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}

function fromBase64(text: string): Bytes {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
