/** The calls of Amazon Cognito that a browser makes about its own user. */
import type { Config } from './config.ts';
import { signChallenge, srpTimestamp, startSrp } from './srp.ts';

export interface Tokens {
  readonly idToken: string;
  readonly accessToken: string;
  /** Only with a sign-in: a renewal keeps the old one. */
  readonly refreshToken?: string;
}

/** What is still missing for a sign-in. */
export interface SignInChallenge {
  readonly name: 'SOFTWARE_TOKEN_MFA' | 'NEW_PASSWORD_REQUIRED';
  readonly session: string;
  readonly userName: string;
}

export type SignInResult = { readonly tokens: Tokens } | { readonly challenge: SignInChallenge };

/** A refusal by Cognito; `kind` is its exception. */
export class CognitoError extends Error {
  override readonly name = 'CognitoError';
  readonly kind: string;

  constructor(kind: string, message: string) {
    super(message);
    this.kind = kind;
  }
}

interface AuthAnswer {
  readonly ChallengeName?: string;
  readonly ChallengeParameters?: Readonly<Record<string, string>>;
  readonly Session?: string;
  readonly AuthenticationResult?: {
    readonly IdToken: string;
    readonly AccessToken: string;
    readonly RefreshToken?: string;
  };
}

export class Cognito {
  readonly #endpoint: string;
  readonly #poolId: string;
  readonly #clientId: string;

  constructor({ id, clientId, region, endpoint }: Config['userPool']) {
    this.#endpoint = endpoint ?? `https://cognito-idp.${region}.amazonaws.com/`;
    this.#poolId = id;
    this.#clientId = clientId;
  }

  /** Signs in by SRP: the password stays here. */
  async signIn(name: string, password: string): Promise<SignInResult> {
    const srp = startSrp();
    const start = await this.#authenticate('InitiateAuth', {
      AuthFlow: 'USER_SRP_AUTH',
      AuthParameters: { USERNAME: name, SRP_A: srp.publicValue },
    });
    const given = start.ChallengeParameters;
    if (start.ChallengeName !== 'PASSWORD_VERIFIER' || given === undefined) return result(start, name);
    const userId = parameter(given, 'USER_ID_FOR_SRP');
    const secretBlock = parameter(given, 'SECRET_BLOCK');
    const timestamp = srpTimestamp(new Date());
    const challenge = {
      salt: parameter(given, 'SALT'),
      serverPublicValue: parameter(given, 'SRP_B'),
      userId,
      secretBlock,
    };
    return result(
      await this.#authenticate('RespondToAuthChallenge', {
        ChallengeName: 'PASSWORD_VERIFIER',
        ...(start.Session !== undefined && { Session: start.Session }),
        ChallengeResponses: {
          USERNAME: userId,
          PASSWORD_CLAIM_SECRET_BLOCK: secretBlock,
          PASSWORD_CLAIM_SIGNATURE: await signChallenge(srp, challenge, this.#poolId, password, timestamp),
          TIMESTAMP: timestamp,
        },
      }),
      userId,
    );
  }

  /** Answers a challenge with the code of an app, or with a new password. */
  async answer({ name, session, userName }: SignInChallenge, answer: string): Promise<SignInResult> {
    const field = name === 'SOFTWARE_TOKEN_MFA' ? 'SOFTWARE_TOKEN_MFA_CODE' : 'NEW_PASSWORD';
    return result(
      await this.#authenticate('RespondToAuthChallenge', {
        ChallengeName: name,
        Session: session,
        ChallengeResponses: { USERNAME: userName, [field]: answer },
      }),
      userName,
    );
  }

  async renew(refreshToken: string): Promise<Tokens> {
    const renewed = result(
      await this.#authenticate('InitiateAuth', {
        AuthFlow: 'REFRESH_TOKEN_AUTH',
        AuthParameters: { REFRESH_TOKEN: refreshToken },
      }),
      '',
    );
    if (!('tokens' in renewed)) throw new CognitoError('NotAuthorizedException', 'Sign in again.');
    return renewed.tokens;
  }

  revoke(refreshToken: string): Promise<unknown> {
    return this.#call('RevokeToken', { ClientId: this.#clientId, Token: refreshToken });
  }

  signUp(userName: string, email: string, password: string): Promise<unknown> {
    return this.#call('SignUp', {
      ClientId: this.#clientId,
      Username: userName,
      Password: password,
      UserAttributes: [{ Name: 'email', Value: email }],
    });
  }

  confirmSignUp(userName: string, code: string): Promise<unknown> {
    return this.#call('ConfirmSignUp', { ClientId: this.#clientId, Username: userName, ConfirmationCode: code });
  }

  resendCode(userName: string): Promise<unknown> {
    return this.#call('ResendConfirmationCode', { ClientId: this.#clientId, Username: userName });
  }

  forgotPassword(name: string): Promise<unknown> {
    return this.#call('ForgotPassword', { ClientId: this.#clientId, Username: name });
  }

  resetPassword(name: string, code: string, password: string): Promise<unknown> {
    return this.#call('ConfirmForgotPassword', {
      ClientId: this.#clientId,
      Username: name,
      ConfirmationCode: code,
      Password: password,
    });
  }

  /** Whether a second factor is on. */
  async hasSecondFactor(accessToken: string): Promise<boolean> {
    const user = await this.#call<{ UserMFASettingList?: string[] }>('GetUser', { AccessToken: accessToken });
    return user.UserMFASettingList?.includes('SOFTWARE_TOKEN_MFA') ?? false;
  }

  /** The secret that an app makes one-time passwords from. */
  async startSecondFactor(accessToken: string): Promise<string> {
    return (await this.#call<{ SecretCode: string }>('AssociateSoftwareToken', { AccessToken: accessToken }))
      .SecretCode;
  }

  async confirmSecondFactor(accessToken: string, code: string): Promise<void> {
    const { Status } = await this.#call<{ Status: string }>('VerifySoftwareToken', {
      AccessToken: accessToken,
      UserCode: code,
    });
    if (Status !== 'SUCCESS') throw new CognitoError('CodeMismatchException', 'The code is wrong.');
    await this.setSecondFactor(accessToken, true);
  }

  setSecondFactor(accessToken: string, on: boolean): Promise<unknown> {
    return this.#call('SetUserMFAPreference', {
      AccessToken: accessToken,
      SoftwareTokenMfaSettings: { Enabled: on, PreferredMfa: on },
    });
  }

  #authenticate(operation: string, input: object): Promise<AuthAnswer> {
    return this.#call<AuthAnswer>(operation, { ClientId: this.#clientId, ...input });
  }

  async #call<T>(operation: string, input: object): Promise<T> {
    const response = await fetch(this.#endpoint, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/x-amz-json-1.1',
        'X-Amz-Target': `AWSCognitoIdentityProviderService.${operation}`,
      },
      body: JSON.stringify(input),
    });
    const answer = (await response.json().catch(() => ({}))) as { __type?: string; message?: string; Message?: string };
    if (response.ok) return answer as T;
    const kind = answer.__type?.split('#').pop() ?? 'UnknownException';
    throw new CognitoError(kind, answer.message ?? answer.Message ?? `Sign-in answered with ${response.status}.`);
  }
}

function parameter(given: Readonly<Record<string, string>>, name: string): string {
  const value = given[name];
  if (value === undefined) throw new CognitoError('UnknownException', `Sign-in answered without ${name}.`);
  return value;
}

function result(
  { AuthenticationResult, ChallengeName, ChallengeParameters, Session }: AuthAnswer,
  userName: string,
): SignInResult {
  if (AuthenticationResult !== undefined) {
    const { IdToken, AccessToken, RefreshToken } = AuthenticationResult;
    return {
      tokens: {
        idToken: IdToken,
        accessToken: AccessToken,
        ...(RefreshToken !== undefined && { refreshToken: RefreshToken }),
      },
    };
  }
  if (ChallengeName !== 'SOFTWARE_TOKEN_MFA' && ChallengeName !== 'NEW_PASSWORD_REQUIRED') {
    throw new CognitoError('UnknownException', `This page cannot answer the challenge ${ChallengeName ?? '(none)'}.`);
  }
  return {
    challenge: {
      name: ChallengeName,
      session: Session ?? '',
      userName: ChallengeParameters?.['USER_ID_FOR_SRP'] ?? userName,
    },
  };
}
