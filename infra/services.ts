/** The services of the shop, and which of them a stage deploys. */

import { type Settings, SettingError } from './settings.ts';

type ProviderSettings = Pick<Settings, 'paymentProviderUrl'>;

interface Service {
  /** Core services are always deployed. */
  readonly core?: true;
  /** The services that it does not work without, besides the core. */
  readonly needs?: readonly string[] | ((settings: ProviderSettings) => readonly string[]);
  /** The crate of its executable, if that has another name; null if it has none. */
  readonly crate?: string | null;
}

/** In the order of their deployment. `shop.ts` finds the stack of each. */
const SERVICES = {
  product: { core: true },
  basket: { core: true },
  ordering: { core: true },
  inventory: {},
  'payment-sandbox': { needs: ['payment'] },
  payment: { needs: ({ paymentProviderUrl }) => (paymentProviderUrl === undefined ? ['payment-sandbox'] : []) },
  shipping: {},
  fulfilment: { crate: 'ordering', needs: ['inventory', 'payment', 'shipping'] },
  notification: {},
  audit: {},
  search: {},
  realtime: {},
  privacy: {},
  site: { crate: null },
} satisfies Readonly<Record<string, Service>>;

export type ServiceName = keyof typeof SERVICES;

/** A service that is deployed. */
export interface Selected {
  readonly name: ServiceName;
  readonly core: boolean;
  /** The other deployed services that it does not work without. */
  readonly needs: readonly ServiceName[];
  /** The crate of its executable, if it has one. */
  readonly crate: string | null;
}

/** All services, with what each needs in a stage of these settings. */
export function allServices(settings: ProviderSettings = {}): Selected[] {
  return Object.entries<Service>(SERVICES).map(([name, { core = false, needs = [], crate = name }]) => ({
    name: name as ServiceName,
    core,
    needs: (typeof needs === 'function' ? needs(settings) : needs) as readonly ServiceName[],
    crate,
  }));
}

/**
 * The services that a stage deploys, in the order of their deployment: the core, those in `wanted`
 * (`core`, `all` or names, separated by commas) and what they need, but none of `without`.
 */
export function selectServices(wanted: string, without: string, settings: Settings): Selected[] {
  const all = allServices(settings);
  const groups: Readonly<Record<string, readonly ServiceName[]>> = {
    core: all.filter(({ core }) => core).map(({ name }) => name),
    // No sandbox beside a real payment provider.
    all: all.map(({ name }) => name).filter((name) => name !== 'payment-sandbox' || settings.paymentProviderUrl === undefined),
  };
  const known = ['core', 'all', ...Object.keys(SERVICES)];
  const names = (list: string): ServiceName[] =>
    list.split(',').map((name) => name.trim()).filter((name) => name !== '').flatMap((name) => {
      if (!known.includes(name)) throw new SettingError(`There is no service ${name}: choose among ${known.join(', ')}.`);
      return groups[name] ?? [name as ServiceName];
    });
  const removed = names(without);
  const chosen = new Set([...groups.core!, ...names(wanted)]);
  for (const name of removed) {
    if (groups.core!.includes(name)) throw new SettingError(`${name} cannot be removed: it belongs to the core.`);
  }
  for (const name of removed) chosen.delete(name);
  // A set takes what is added while it is iterated.
  for (const name of chosen) {
    for (const need of all.find((service) => service.name === name)!.needs) {
      if (removed.includes(need)) throw new SettingError(`${need} cannot be removed: ${name} needs it.`);
      chosen.add(need);
    }
  }
  return all.filter(({ name }) => chosen.has(name));
}
