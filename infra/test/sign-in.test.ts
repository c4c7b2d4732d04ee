import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { nameOf, only, resources, synthesize, target } from './template.ts';

const dev = synthesize();
const production = synthesize({ stage: 'prod' });

describe('users', () => {
  const [, { Properties: users }] = only(dev, 'AWS::Cognito::UserPool');

  test('sign up by themselves, with an e-mail address that a code has to confirm', () => {
    assert.equal(users.AdminCreateUserConfig.AllowAdminCreateUserOnly, false);
    assert.deepEqual(users.Schema, [{ Mutable: true, Name: 'email', Required: true }]);
    assert.deepEqual(users.AutoVerifiedAttributes, ['email']);
    assert.equal(users.VerificationMessageTemplate.DefaultEmailOption, 'CONFIRM_WITH_CODE');
    assert.match(users.VerificationMessageTemplate.EmailMessage, /{####}/);
    assert.deepEqual(users.UserAttributeUpdateSettings, { AttributesRequireVerificationBeforeUpdate: ['email'] });
  });

  test('have a name that the shop takes: a function is asked at sign-up', () => {
    assert.deepEqual(Object.keys(users.LambdaConfig), ['PreSignUp']);
    assert.equal(nameOf(dev, target(users.LambdaConfig.PreSignUp)), 'identity-on-sign-up');
    const [permission] = Object.values(resources(dev, 'AWS::Lambda::Permission'))
      .filter(({ Properties }) => Properties.Principal === 'cognito-idp.amazonaws.com');
    assert.equal(target(permission!.Properties.FunctionName), target(users.LambdaConfig.PreSignUp));
    assert.ok(target(permission!.Properties.SourceArn)! in resources(dev, 'AWS::Cognito::UserPool'));
  });

  test('sign in by name or address, in whatever case', () => {
    assert.deepEqual(users.AliasAttributes, ['email']);
    assert.deepEqual(users.UsernameConfiguration, { CaseSensitive: false });
  });

  test('need a long password, and get back in by e-mail only', () => {
    const { MinimumLength, RequireLowercase, RequireUppercase, RequireNumbers } = users.Policies.PasswordPolicy;
    assert.ok(MinimumLength >= 12);
    assert.ok(RequireLowercase && RequireUppercase && RequireNumbers);
    assert.deepEqual(users.AccountRecoverySetting.RecoveryMechanisms, [{ Name: 'verified_email', Priority: 1 }]);
  });

  test('may protect themselves with one-time passwords of an app, not with text messages', () => {
    assert.equal(users.MfaConfiguration, 'OPTIONAL');
    assert.deepEqual(users.EnabledMfas, ['SOFTWARE_TOKEN_MFA']);
    assert.equal(users.SmsConfiguration, undefined);
  });

  test('can be staff', () => {
    assert.equal(only(dev, 'AWS::Cognito::UserPoolGroup')[1].Properties.GroupName, 'staff');
  });

  test('cost nothing while they are few', () => {
    assert.equal(users.UserPoolTier, 'LITE');
  });

  test('are kept in production, and go with any other stage', () => {
    const [, kept] = only(production, 'AWS::Cognito::UserPool');
    assert.equal(kept.DeletionPolicy, 'Retain');
    assert.equal(kept.Properties.DeletionProtection, 'ACTIVE');
    const [, gone] = only(dev, 'AWS::Cognito::UserPool');
    assert.equal(gone.DeletionPolicy, 'Delete');
    assert.notEqual(gone.Properties.DeletionProtection, 'ACTIVE');
  });
});

describe('the app client', () => {
  const [, { Properties: client }] = only(dev, 'AWS::Cognito::UserPoolClient');
  const flows = (template: typeof dev) => new Set(only(template, 'AWS::Cognito::UserPoolClient')[1].Properties.ExplicitAuthFlows);

  test('has no secret, and no other way in than the user pool', () => {
    assert.equal(client.GenerateSecret, false);
    assert.equal(client.AllowedOAuthFlowsUserPoolClient, false);
    assert.deepEqual(client.SupportedIdentityProviders, ['COGNITO']);
  });

  test('takes a password as it is outside production only, and if not forbidden', () => {
    const always = ['ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'];
    assert.deepEqual(flows(dev), new Set([...always, 'ALLOW_USER_PASSWORD_AUTH']));
    assert.deepEqual(flows(production), new Set(always));
    assert.deepEqual(flows(synthesize({ services: 'core', passwordSignIn: 'false' })), new Set(always));
  });

  test('gives tokens for an hour, and refreshes them for 30 days unless signed out', () => {
    assert.deepEqual(client.TokenValidityUnits, { AccessToken: 'minutes', IdToken: 'minutes', RefreshToken: 'minutes' });
    assert.equal(client.IdTokenValidity, 60);
    assert.equal(client.AccessTokenValidity, 60);
    assert.equal(client.RefreshTokenValidity, 30 * 24 * 60);
    assert.equal(client.EnableTokenRevocation, true);
  });

  test('does not reveal who has an account, and reads its address only', () => {
    assert.equal(client.PreventUserExistenceErrors, 'ENABLED');
    assert.deepEqual(client.ReadAttributes, ['email', 'email_verified']);
    assert.deepEqual(client.WriteAttributes, ['email']);
  });

  test('and its user pool are outputs that tools can find', () => {
    const output = (name: string) => target(dev.findOutputs(name)[name]!.Value);
    assert.ok(output('UserPoolId')! in resources(dev, 'AWS::Cognito::UserPool'));
    assert.ok(output('UserPoolClientId')! in resources(dev, 'AWS::Cognito::UserPoolClient'));
  });
});
