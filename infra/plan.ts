/**
 * Prints the services that a stage deploys, as JSON, without synthesizing anything.
 *
 *     node --import tsx plan.ts services=core,audit without= paymentProviderUrl=
 */

import { selectServices } from './services.ts';
import { expectSettings, readSettings, SettingError } from './settings.ts';

const values = new Map(process.argv.slice(2).map((argument) => {
  const [name, ...value] = argument.split('=');
  return [name!, value.join('=')] as const;
}));
try {
  expectSettings(values.keys(), ['services', 'without']);
  const settings = readSettings((name) => values.get(name));
  const services = selectServices(values.get('services') ?? 'core', values.get('without') ?? '', settings);
  console.log(JSON.stringify(services));
} catch (error) {
  if (!(error instanceof SettingError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
