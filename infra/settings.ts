import { resolve } from 'node:path';

/**
 * How events reach a consumer that nobody waits for: by an asynchronous invocation, which costs
 * nothing while idle, or through a polled queue, which outlasts longer failures.
 */
export type Delivery = 'direct' | 'queued';

/**
 * Kind of the public API: an API Gateway REST API, or an HTTP API, which costs less and can do less.
 */
export type ApiKind = 'rest' | 'http';

/**
 * Encryption key of the tables: DynamoDB's own, which is free, or one of this account whose uses
 * are logged.
 */
export type Encryption = 'aws-owned' | 'aws-managed';

/** What may differ between deployments, read from `cdk -c name=value`. */
export interface Settings {
  /** The settings that were given, as they were given: what the next deployment repeats. */
  readonly given: Readonly<Record<string, string>>;
  /** `-c stage=`: names the stacks, the API stage and every tag. */
  readonly stage: string;
  /** Stages whose name starts with `prod` keep their data when a stack is deleted. */
  readonly production: boolean;
  /** `-c api=`. */
  readonly api: ApiKind;
  /** `-c delivery=`. */
  readonly delivery: Delivery;
  /** `-c encryption=`. */
  readonly encryption: Encryption;
  /**
   * `-c pointInTimeRecovery=`: whether a table can be restored to any second of the last 35 days.
   */
  readonly pointInTimeRecovery: boolean;
  /** `-c arch=`: the processor the functions were built for. */
  readonly architecture: 'arm64' | 'x86_64';
  /** `-c functions=`: directory that holds `<function>/bootstrap.zip`. */
  readonly functionsDirectory: string;
  /** `-c allowedOrigins=`: web origins that browsers may call the API from, besides the site's. */
  readonly allowedOrigins: readonly string[];
  /** `-c currency=`: ISO 4217 code of every price in the shop. */
  readonly currency: string;
  /**
   * `-c requestsPerSecond=`: steady rate above which a method of the API answers 429; reads allow
   * more, checkouts less.
   */
  readonly requestsPerSecond: number;
  /** `-c requestBurst=`: requests allowed at once above that rate. */
  readonly requestBurst: number;
  /**
   * `-c erasureDelaySeconds=`: delay of an erasure before orders are anonymised, so that orders in
   * progress are charged and shipped. Two weeks at most: the request and the tombstones are kept
   * for 30 days, and a dead letter for two weeks.
   */
  readonly erasureDelaySeconds: number;
  /**
   * `-c carrierPaceSeconds=`: how long the demo carrier takes to collect a parcel, and again to
   * deliver it. EventBridge Scheduler has a precision of one minute.
   */
  readonly carrierPaceSeconds: number;
  /**
   * `-c lowStockThreshold=`: stock below this number of units is low, which is published once per
   * crossing.
   */
  readonly lowStockThreshold: number;
  /**
   * `-c passwordSignIn=`: whether scripts may sign in by sending a password; browsers prove theirs
   * without sending it (SRP).
   */
  readonly passwordSignIn: boolean;
  /** `-c partnerKey=`: whether programs need an API key to read the catalogue. */
  readonly partnerKey: boolean;
  /** `-c waf=`: whether AWS WAF, which is billed by the month, protects the API. */
  readonly waf: boolean;
  /**
   * `-c mailSender=`: the sender address of mails to customers, verified in SES; when left out,
   * mails are stored only.
   */
  readonly mailSender?: string;
  /**
   * `-c paymentProviderUrl=`: the payment provider; when left out, the stage deploys a sandbox that
   * moves no money.
   */
  readonly paymentProviderUrl?: string;
  /**
   * `-c paymentDelaySeconds=`: delay until charges of `tok_delayed` settle at the payment sandbox.
   */
  readonly paymentDelaySeconds: number;
  /**
   * `-c alarms=`: whether there are any; by default where there is an address to notify, and in
   * production.
   */
  readonly alarms: boolean;
  /** `-c alarmEmail=`: the address that alarms are sent to; none when left out. */
  readonly alarmEmail?: string;
  /**
   * `-c budgetEmail=`: the address that is warned when the account is about to pay more than a
   * dollar in a month; no budget when left out.
   */
  readonly budgetEmail?: string;
}

/** What commands of `cargo xtask` choose by options of their own. */
const OPTIONS: ReadonlySet<string> = new Set(['stage', 'arch', 'functions']);

/** An invalid value of a setting; the message is for the person who deploys. */
export class SettingError extends Error {}

/** Reads every setting, or throws a `SettingError` that names the first invalid one. */
export function readSettings(context: (name: string) => unknown): Settings {
  const given: Record<string, string> = {};
  const text = (name: string, fallback: string): string => {
    const value = context(name);
    if (value === undefined || value === null) return fallback;
    const trimmed = String(value).trim();
    if (!OPTIONS.has(name)) given[name] = trimmed;
    return trimmed;
  };
  const matching = (name: string, fallback: string, pattern: RegExp, allowed: string): string => {
    const value = text(name, fallback);
    if (!pattern.test(value)) refuse(name, value, allowed);
    return value;
  };
  const oneOf = <T extends string>(name: string, values: readonly [T, ...T[]], fallback = values[0]): T => {
    const value = text(name, fallback);
    return values.find((candidate) => candidate === value) ?? refuse(name, value, values.join(' or '));
  };
  const flag = (name: string, fallback: boolean): boolean => {
    const value = text(name, String(fallback));
    return value === 'true' || (value !== 'false' && refuse(name, value, 'true or false'));
  };
  const integer = (name: string, fallback: number, least: number, most: number): number => {
    const value = text(name, String(fallback));
    const number = /^\d{1,9}$/.test(value) ? Number(value) : NaN;
    return number >= least && number <= most
      ? number
      : refuse(name, value, `a whole number from ${least} to ${most}`);
  };

  const stage = matching('stage', 'dev', /^[a-z][a-z0-9-]{0,15}$/,
    'a lower-case letter followed by up to 15 lower-case letters, digits or hyphens');
  const address = (name: string) => matching(name, '', /^([^@\s]+@[^@\s]+)?$/, 'an e-mail address');
  const alarmEmail = address('alarmEmail');
  const budgetEmail = address('budgetEmail');
  // It becomes part of ARNs, where some characters are wildcards.
  const mailSender = matching('mailSender', '', /^([\w+-]+(\.[\w+-]+)*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+)?$/, 'an e-mail address');
  const paymentProviderUrl = matching('paymentProviderUrl', '', /^(https:\/\/[A-Za-z0-9.-]+(:\d{1,5})?(\/[A-Za-z0-9._~/-]*)?)?$/,
    'a URL such as https://pay.example.com');
  const production = stage.startsWith('prod');
  const passwordSignIn = flag('passwordSignIn', !production);
  if (production && passwordSignIn) refuse('passwordSignIn', 'true', 'false in a production stage');
  const api = oneOf<ApiKind>('api', ['rest', 'http']);
  const ofRest = (name: string): boolean => {
    const value = flag(name, false);
    return value && api !== 'rest' ? refuse(name, 'true', 'false with api=http') : value;
  };
  return {
    given,
    stage,
    production,
    api,
    delivery: oneOf('delivery', ['direct', 'queued'], production ? 'queued' : 'direct'),
    encryption: oneOf('encryption', ['aws-owned', 'aws-managed']),
    pointInTimeRecovery: flag('pointInTimeRecovery', production),
    architecture: oneOf('arch', ['arm64', 'x86_64']),
    functionsDirectory: resolve(matching('functions', '../target/lambda', /./, 'a directory')),
    allowedOrigins: origins(text('allowedOrigins', '')),
    currency: matching('currency', 'USD', /^[A-Z]{3}$/, 'a three-letter ISO 4217 code such as USD'),
    // Whoever finds the URL of a stage can make requests that its owner pays for.
    requestsPerSecond: integer('requestsPerSecond', production ? 200 : 20, 1, 10_000),
    requestBurst: integer('requestBurst', production ? 400 : 50, 1, 5_000),
    erasureDelaySeconds: integer('erasureDelaySeconds', 900, 0, 1_209_600),
    carrierPaceSeconds: integer('carrierPaceSeconds', 60, 1, 604_800),
    lowStockThreshold: integer('lowStockThreshold', 5, 0, 1_000_000),
    passwordSignIn,
    partnerKey: ofRest('partnerKey'),
    waf: ofRest('waf'),
    ...(mailSender === '' ? {} : { mailSender }),
    ...(paymentProviderUrl === '' ? {} : { paymentProviderUrl }),
    paymentDelaySeconds: integer('paymentDelaySeconds', 10, 1, 900),
    // Their metrics cost more than everything else in an idle stage.
    alarms: flag('alarms', production || alarmEmail !== ''),
    ...(alarmEmail === '' ? {} : { alarmEmail }),
    ...(budgetEmail === '' ? {} : { budgetEmail }),
  };
}

/** The names that `--set` takes. */
export function settingNames(): string[] {
  const names: string[] = [];
  readSettings((name) => {
    names.push(name);
    return undefined;
  });
  return names.filter((name) => !OPTIONS.has(name)).sort();
}

/** Throws a `SettingError` for the first name that is no setting: it would change nothing. */
export function expectSettings(names: Iterable<string>, others: readonly string[]): void {
  const known = settingNames();
  for (const name of names) {
    if (!known.includes(name) && !others.includes(name)) {
      throw new SettingError(`There is no setting "${name}": the settings are ${known.join(', ')}.`);
    }
  }
}

function origins(list: string): string[] {
  if (list === '') return [];
  return list.split(',').map((entry) => {
    const origin = entry.trim();
    // An origin is scheme, host and port only (RFC 6454); a quote would end the gateway's string.
    if (!/^https?:\/\/[A-Za-z0-9.-]+(:\d{1,5})?$/.test(origin)) {
      refuse('allowedOrigins', list, 'a comma-separated list of origins such as https://shop.example.com');
    }
    return origin;
  });
}

/** Throws the error for an invalid value of a setting. */
export function refuse(name: string, value: string, allowed: string): never {
  throw new SettingError(`Setting "${name}" cannot be "${value}": it must be ${allowed}.`);
}
