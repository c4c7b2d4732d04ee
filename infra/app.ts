import { App } from 'aws-cdk-lib';
import { selectServices } from './services.ts';
import { expectSettings, readSettings, SettingError } from './settings.ts';
import { createStacks } from './shop.ts';

const app = new App();
try {
  const context = (name: string): unknown => app.node.tryGetContext(name);
  // The context of the CDK itself has names with other characters.
  const given = Object.keys(app.node.getAllContext()).filter((name) => /^[A-Za-z]+$/.test(name));
  expectSettings(given, ['stage', 'arch', 'functions', 'services', 'without']);
  const settings = readSettings(context);
  const services = selectServices(String(context('services') ?? 'core'), String(context('without') ?? ''), settings);
  // Without an account and region the templates stay usable in any of them.
  const env = { account: process.env.CDK_DEFAULT_ACCOUNT, region: process.env.CDK_DEFAULT_REGION };
  createStacks(app, { settings, env }, services);
} catch (error) {
  if (!(error instanceof SettingError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
