import { App } from 'aws-cdk-lib';
import { readSettings, SettingError } from '../lib/settings.ts';
import { ShopStack } from '../lib/shop-stack.ts';

const app = new App();
try {
  const settings = readSettings((name) => app.node.tryGetContext(name));
  new ShopStack(app, `ferrocart-${settings.stage}`, {
    settings,
    // Without an account and region the template stays usable in any of them.
    env: { account: process.env.CDK_DEFAULT_ACCOUNT, region: process.env.CDK_DEFAULT_REGION },
  });
} catch (error) {
  if (!(error instanceof SettingError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
