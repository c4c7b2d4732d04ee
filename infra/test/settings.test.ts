import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectSettings, readSettings, SettingError, settingNames } from '../settings.ts';
import { SERVICES, functionsDirectory, propertiesOf, synthesize } from './template.ts';

const read = (context: Record<string, string>) => readSettings((name) => context[name]);

test('without any setting a development stage that idles for nothing comes out', () => {
  const settings = read({});
  assert.equal(settings.stage, 'dev');
  assert.equal(settings.production, false);
  assert.equal(settings.delivery, 'direct');
  assert.equal(settings.alarms, false);
  assert.equal(settings.alarmEmail, undefined);
  assert.equal(settings.budgetEmail, undefined);
  assert.equal(settings.architecture, 'arm64');
});

test('a stage whose name starts with prod is production', () => {
  assert.equal(read({ stage: 'prod' }).production, true);
  assert.equal(read({ stage: 'prod-eu' }).production, true);
  assert.equal(read({ stage: 'preprod' }).production, false);
});

test('scripts may sign in with a password except in production, where it cannot be asked for', () => {
  assert.equal(read({}).passwordSignIn, true);
  assert.equal(read({ passwordSignIn: 'false' }).passwordSignIn, false);
  assert.equal(read({ stage: 'prod' }).passwordSignIn, false);
  assert.throws(() => read({ stage: 'prod', passwordSignIn: 'true' }), {
    message: 'Setting "passwordSignIn" cannot be "true": it must be false in a production stage.',
  });
});

const WRONG: [name: string, values: string[]][] = [
  ['stage', ['', 'Dev', '1st', 'a-name-that-is-long', 'a_b']],
  ['delivery', ['polled', '']],
  ['api', ['soap', '', 'REST']],
  ['arch', ['x86', 'arm']],
  ['currency', ['usd', 'DOLLAR', '']],
  ['allowedOrigins', ['*', 'shop.example.com', 'https://shop.example.com/', "https://a'b", 'https://a.example,']],
  ['requestsPerSecond', ['0', '-1', '1.5', 'many', '10001']],
  ['alarmEmail', ['nobody', 'a b@c']],
  ['budgetEmail', ['nobody', 'a b@c']],
  ['mailSender', ['nobody', 'a b@c.de', '*@example.com', 'shop@*', 'shop.@example.com', 'a..b@example.com']],
  ['requestBurst', ['0', '5001']],
  ['erasureDelaySeconds', ['-1', '1209601', 'long']],
  ['lowStockThreshold', ['-1', '1.5', 'few', '1000001']],
  ['carrierPaceSeconds', ['0', '-1', '0.5', 'soon', '604801']],
  ['paymentProviderUrl', ['pay.example.com', 'http://pay.example.com', 'https://pay example', "https://a'b", 'https://pay.example.com/?a']],
  ['paymentDelaySeconds', ['0', '901', 'soon']],
  ['passwordSignIn', ['yes', '', '1', 'True']],
  ['partnerKey', ['1']],
  ['waf', ['on']],
  ['alarms', ['on']],
  ['pointInTimeRecovery', ['35']],
  ['encryption', ['none', '', 'kms']],
];

for (const [name, values] of WRONG) {
  test(`a wrong ${name} is refused with a sentence that names it`, () => {
    for (const value of values) {
      assert.throws(() => read({ [name]: value }), (error: Error) => {
        assert.ok(error instanceof SettingError);
        assert.match(error.message, new RegExp(`^Setting "${name}" cannot be .*: it must be .*\\.$`));
        return true;
      }, `${name}=${value}`);
    }
  });
}

test('an unknown setting is refused with the names of all', () => {
  assert.throws(() => expectSettings(['waf', 'dilivery'], []), (error: Error) => {
    assert.ok(error instanceof SettingError);
    assert.match(error.message, /^There is no setting "dilivery": the settings are alarmEmail, .*, delivery, .*, waf\.$/);
    return true;
  });
  expectSettings(['services', ...settingNames()], ['services']);
  assert.throws(() => expectSettings(['stage'], []), SettingError);
});

test('a stage hands the settings that it was given to its next deployment', () => {
  const settings = (context: Record<string, string>) => propertiesOf(synthesize(context), 'AWS::SSM::Parameter')
    .find(({ Name }) => Name.endsWith('/foundation/settings')).Value;
  assert.equal(settings({}), '{}');
  assert.deepEqual(JSON.parse(settings({ delivery: 'queued', waf: 'false' })), { delivery: 'queued', waf: 'false' });
});

test('an HTTP API has neither keys nor a firewall', () => {
  assert.equal(read({ api: 'http' }).api, 'http');
  assert.equal(read({}).api, 'rest');
  for (const name of ['partnerKey', 'waf']) {
    assert.throws(() => read({ api: 'http', [name]: 'true' }), { message: `Setting "${name}" cannot be "true": it must be false with api=http.` });
    read({ api: 'http', [name]: 'false' });
  }
});

test('production delivers through queues and has alarms, unless that is declined', () => {
  const production = read({ stage: 'prod' });
  assert.equal(production.delivery, 'queued');
  assert.equal(production.alarms, true);
  const declined = read({ stage: 'prod', delivery: 'direct', alarms: 'false' });
  assert.equal(declined.delivery, 'direct');
  assert.equal(declined.alarms, false);
  assert.equal(read({ delivery: 'queued' }).delivery, 'queued');
  assert.equal(read({ alarmEmail: 'oncall@example.com' }).alarms, true);
});

test('a missing zip is refused with its name and the command that makes it', () => {
  const functions = functionsDirectory(SERVICES.filter((name) => name !== 'basket'));
  assert.throws(() => synthesize({ functions }), /basket\/bootstrap\.zip is missing: run `cargo xtask build --lambda`/);
});
