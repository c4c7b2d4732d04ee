/**
 * Who is signed in. ID and access token are kept in memory only; the refresh token is in the
 * origin's local storage, so that a reload or a second tab stays signed in.
 */
import { Cognito, CognitoError, type SignInChallenge, type SignInResult, type Tokens } from './cognito.ts';

export interface User {
  readonly userName: string;
  /** The account's `sub`. */
  readonly customerId: string;
  readonly email: string;
  readonly isStaff: boolean;
}

export type SessionState =
  | { readonly status: 'loading' }
  /** `ended` if the user was signed in until their session ran out. */
  | { readonly status: 'signedOut'; readonly ended: boolean }
  | { readonly status: 'signedIn'; readonly user: User };

const STORAGE_KEY = 'ferrocart.refreshToken';
/** A token is renewed this long before it expires. */
const RENEW_BEFORE_MS = 60_000;

type Store = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

export class Session {
  readonly #cognito: Pick<Cognito, 'signIn' | 'answer' | 'renew' | 'revoke'>;
  readonly #storage: Store;
  readonly #now: () => number;
  readonly #listeners = new Set<() => void>();
  #tokens: Tokens | undefined;
  #expiresAt = 0;
  #renewal: Promise<string | undefined> | undefined;
  #state: SessionState = { status: 'loading' };

  constructor(
    cognito: Pick<Cognito, 'signIn' | 'answer' | 'renew' | 'revoke'>,
    storage: Store = localStorage,
    now: () => number = Date.now,
  ) {
    this.#cognito = cognito;
    this.#storage = storage;
    this.#now = now;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly state = (): SessionState => this.#state;

  /** Continues the session of an earlier visit. */
  async restore(): Promise<void> {
    if (this.#refreshToken === undefined) return this.#set({ status: 'signedOut', ended: false });
    try {
      await this.renewedIdToken();
    } catch {
      // No connection: the refresh token stays for the next request.
      if (this.#state.status === 'loading') this.#set({ status: 'signedOut', ended: false });
    }
  }

  /** Another tab signed in or out. */
  onStorage(event: Pick<StorageEvent, 'key' | 'newValue'>): void {
    if (event.key !== STORAGE_KEY && event.key !== null) return;
    this.#tokens = undefined;
    if (event.newValue === null) this.#set({ status: 'signedOut', ended: false });
    else void this.restore();
  }

  async signIn(name: string, password: string): Promise<SignInChallenge | undefined> {
    return this.#accept(await this.#cognito.signIn(name, password));
  }

  async answer(challenge: SignInChallenge, answer: string): Promise<SignInChallenge | undefined> {
    return this.#accept(await this.#cognito.answer(challenge, answer));
  }

  async signOut(): Promise<void> {
    const refreshToken = this.#refreshToken;
    this.#forget(false);
    // The tokens are gone from here even if this fails.
    if (refreshToken !== undefined) await this.#cognito.revoke(refreshToken).catch(() => undefined);
  }

  /** A valid ID token; `undefined` for guests. */
  async idToken(): Promise<string | undefined> {
    if (this.#tokens !== undefined && this.#now() < this.#expiresAt - RENEW_BEFORE_MS) return this.#tokens.idToken;
    return this.renewedIdToken();
  }

  async accessToken(): Promise<string> {
    await this.idToken();
    if (this.#tokens === undefined) throw new CognitoError('NotAuthorizedException', 'Sign in first.');
    return this.#tokens.accessToken;
  }

  /** A new ID token. Concurrent callers share one renewal. */
  renewedIdToken(): Promise<string | undefined> {
    this.#renewal ??= this.#renew().finally(() => {
      this.#renewal = undefined;
    });
    return this.#renewal;
  }

  async #renew(): Promise<string | undefined> {
    const refreshToken = this.#refreshToken;
    if (refreshToken === undefined) {
      if (this.#state.status === 'signedIn') this.#forget(true);
      return undefined;
    }
    try {
      const tokens = await this.#cognito.renew(refreshToken);
      // Signed out meanwhile, here or in another tab.
      if (this.#refreshToken !== refreshToken) return undefined;
      this.#keep(tokens);
      return tokens.idToken;
    } catch (error) {
      if (!(error instanceof CognitoError) || !ENDED.has(error.kind)) throw error;
      if (this.#refreshToken === refreshToken) this.#forget(true);
      return undefined;
    }
  }

  #accept(result: SignInResult): SignInChallenge | undefined {
    if ('challenge' in result) return result.challenge;
    this.#keep(result.tokens);
    return undefined;
  }

  #keep(tokens: Tokens): void {
    const claims = claimsOf(tokens.idToken);
    this.#tokens = tokens;
    this.#expiresAt = Number(claims['exp']) * 1000;
    if (tokens.refreshToken !== undefined) this.#storage.setItem(STORAGE_KEY, tokens.refreshToken);
    const groups = claims['cognito:groups'];
    const user: User = {
      userName: String(claims['cognito:username']),
      customerId: String(claims['sub']),
      email: String(claims['email'] ?? ''),
      isStaff: Array.isArray(groups) && groups.includes('staff'),
    };
    const last = this.#state;
    // A renewal of the same user's tokens is no news to anybody.
    if (last.status === 'signedIn' && JSON.stringify(last.user) === JSON.stringify(user)) return;
    this.#set({ status: 'signedIn', user });
  }

  #forget(ended: boolean): void {
    this.#tokens = undefined;
    this.#storage.removeItem(STORAGE_KEY);
    this.#set({ status: 'signedOut', ended });
  }

  #set(state: SessionState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }

  get #refreshToken(): string | undefined {
    return this.#storage.getItem(STORAGE_KEY) ?? undefined;
  }
}

/** The refresh token is expired, revoked, or its user is gone. */
const ENDED: ReadonlySet<string> = new Set([
  'NotAuthorizedException',
  'UserNotFoundException',
  'ResourceNotFoundException',
]);

/** For display only: the API verifies the token's signature, this page has no need to. */
function claimsOf(idToken: string): Record<string, unknown> {
  const payload = (idToken.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
  const bytes = Uint8Array.from(atob(payload), (character) => character.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
}
