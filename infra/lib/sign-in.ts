import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  AccountRecovery, ClientAttributes, FeaturePlan, Mfa, UserPool, type UserPoolClient, UserPoolClientIdentityProvider,
} from 'aws-cdk-lib/aws-cognito';
import { Construct } from 'constructs';
import type { Settings } from './settings.ts';

/** Who is in it may change the catalogue, and see all baskets and orders. */
export const STAFF = 'staff';

/**
 * Where people sign up and sign in: a Cognito user pool, and the client by which browsers and Postman talk to it.
 *
 * The `sub` of a user identifies the customer in the whole shop. Their user name is what people see; it cannot change, but
 * can be taken again when the account is gone. Their e-mail address can change, and is another way to sign in.
 */
export class SignIn extends Construct {
  readonly pool: UserPool;
  readonly client: UserPoolClient;

  constructor(scope: Construct, id: string, { settings }: { readonly settings: Settings }) {
    super(scope, id);
    this.pool = new UserPool(this, 'Users', {
      // The cheapest plan, with 10,000 users a month for free: nothing here needs more.
      featurePlan: FeaturePlan.LITE,
      selfSignUpEnabled: true,
      signInAliases: { username: true, email: true },
      // Otherwise `Grace` could pass for `grace`.
      signInCaseSensitive: false,
      standardAttributes: { email: { required: true, mutable: true } },
      autoVerify: { email: true },
      // A mistyped or a stolen new address does not take over before its code was entered.
      keepOriginal: { email: true },
      userVerification: {
        emailSubject: 'Your code for the shop',
        emailBody: 'Your code is {####}. If you did not ask for it, somebody mistyped their address: ignore it.',
      },
      // Length over signs that nobody remembers (NIST SP 800-63B).
      passwordPolicy: {
        minLength: 12,
        requireLowercase: true,
        requireUppercase: true,
        requireDigits: true,
        requireSymbols: false,
        tempPasswordValidity: Duration.days(3),
      },
      mfa: Mfa.OPTIONAL,
      // Text messages cost money, and can be redirected.
      mfaSecondFactor: { otp: true, sms: false },
      accountRecovery: AccountRecovery.EMAIL_ONLY,
      deletionProtection: settings.production,
      removalPolicy: settings.production ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    this.pool.addGroup('Staff', { groupName: STAFF, description: 'Runs the shop' });
    this.client = this.pool.addClient('Client', {
      // Browsers cannot keep a secret.
      generateSecret: false,
      authFlows: { userSrp: true, userPassword: settings.passwordSignIn },
      disableOAuth: true,
      supportedIdentityProviders: [UserPoolClientIdentityProvider.COGNITO],
      // Says the same of a wrong password and of an unknown name.
      preventUserExistenceErrors: true,
      enableTokenRevocation: true,
      // The API cannot take an issued token back, so that is how long a stolen one is good.
      idTokenValidity: Duration.hours(1),
      accessTokenValidity: Duration.hours(1),
      refreshTokenValidity: Duration.days(30),
      readAttributes: new ClientAttributes().withStandardAttributes({ email: true, emailVerified: true }),
      writeAttributes: new ClientAttributes().withStandardAttributes({ email: true }),
    });
  }
}
