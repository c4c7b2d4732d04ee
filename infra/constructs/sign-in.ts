import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  AccountRecovery, ClientAttributes, FeaturePlan, Mfa, UserPool, type UserPoolClient, UserPoolClientIdentityProvider,
} from 'aws-cdk-lib/aws-cognito';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { ServiceStack } from './service-stack.ts';

/** Its members may change the catalogue, and see all baskets and orders. */
export const STAFF = 'staff';

/**
 * Sign-up and sign-in: a Cognito user pool, and the client that browsers and Postman use.
 *
 * The `sub` of a user identifies the customer in the whole shop. The user name is for display. It
 * cannot change, but another account can take it when the account is deleted. The e-mail address
 * can change, and is another way to sign in.
 */
export class SignIn extends Construct {
  readonly pool: UserPool;
  readonly client: UserPoolClient;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const { settings } = ServiceStack.of(this);
    this.pool = new UserPool(this, 'Users', {
      // The cheapest plan, with 10,000 users a month for free: nothing here needs more.
      featurePlan: FeaturePlan.LITE,
      selfSignUpEnabled: true,
      signInAliases: { username: true, email: true },
      // Otherwise `Grace` could impersonate `grace`.
      signInCaseSensitive: false,
      standardAttributes: { email: { required: true, mutable: true } },
      autoVerify: { email: true },
      // A mistyped or stolen new address takes effect only after its code was entered.
      keepOriginal: { email: true },
      userVerification: {
        emailSubject: 'Your code for the shop',
        emailBody: 'Your code is {####}. If you did not ask for it, somebody mistyped their address: ignore it.',
      },
      // Length over composition rules (NIST SP 800-63B).
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
    acknowledge(this.pool, 'COG1', 'Length counts more than symbols (NIST SP 800-63B).');
    acknowledge(this.pool, 'COG2', 'Customers choose whether they use a second factor, as in other shops.');
    acknowledge(this.pool, 'COG8', 'Threat protection is paid per user.');
    this.pool.addGroup('Staff', { groupName: STAFF, description: 'Runs the shop' });
    this.client = this.pool.addClient('Client', {
      // Browsers cannot keep a secret.
      generateSecret: false,
      authFlows: { userSrp: true, userPassword: settings.passwordSignIn },
      disableOAuth: true,
      supportedIdentityProviders: [UserPoolClientIdentityProvider.COGNITO],
      // The same error for a wrong password and for an unknown name.
      preventUserExistenceErrors: true,
      enableTokenRevocation: true,
      // The API cannot revoke a token, so a stolen one is valid for this long.
      idTokenValidity: Duration.hours(1),
      accessTokenValidity: Duration.hours(1),
      refreshTokenValidity: Duration.days(30),
      readAttributes: new ClientAttributes().withStandardAttributes({ email: true, emailVerified: true }),
      writeAttributes: new ClientAttributes().withStandardAttributes({ email: true }),
    });
  }
}
