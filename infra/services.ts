/** The services of the shop, and which of them a stage deploys. */

import type { Construct } from 'constructs';
import { AuditStack } from '../services/audit/stack.ts';
import { BasketStack } from '../services/basket/stack.ts';
import { InventoryStack } from '../services/inventory/stack.ts';
import { NotificationStack } from '../services/notification/stack.ts';
import { FulfilmentStack } from '../services/ordering/fulfilment-stack.ts';
import { OrderingStack } from '../services/ordering/stack.ts';
import { PaymentSandboxStack } from '../services/payment-sandbox/stack.ts';
import { PaymentStack } from '../services/payment/stack.ts';
import { PrivacyStack } from '../services/privacy/stack.ts';
import { ProductStack } from '../services/product/stack.ts';
import { RealtimeStack } from '../services/realtime/stack.ts';
import { ShippingStack } from '../services/shipping/stack.ts';
import type { ServiceStack, StackContext } from './constructs/service-stack.ts';
import { refuse, type Settings } from './settings.ts';

interface Service {
  readonly stack: new (scope: Construct, context: StackContext) => ServiceStack;
  /** Core services are always deployed. */
  readonly core?: true;
  /** The services that it does not work without, besides the core. */
  readonly needs?: readonly string[] | ((settings: Settings) => readonly string[]);
}

const SERVICES: Readonly<Record<string, Service>> = {
  product: { stack: ProductStack, core: true },
  basket: { stack: BasketStack, core: true },
  ordering: { stack: OrderingStack, core: true },
  fulfilment: { stack: FulfilmentStack, needs: ['inventory', 'payment', 'shipping'] },
  inventory: { stack: InventoryStack },
  payment: { stack: PaymentStack, needs: ({ paymentProviderUrl }) => (paymentProviderUrl === undefined ? ['payment-sandbox'] : []) },
  'payment-sandbox': { stack: PaymentSandboxStack, needs: ['payment'] },
  shipping: { stack: ShippingStack },
  notification: { stack: NotificationStack },
  audit: { stack: AuditStack },
  realtime: { stack: RealtimeStack },
  privacy: { stack: PrivacyStack },
};

/** A service that is deployed, and the services that it needs. */
export interface Selected extends Service {
  readonly name: string;
  readonly needs: readonly string[];
}

/**
 * The services that a stage deploys, in the order of the list above: the core, those in `wanted`
 * (`core`, `all`, or names separated by commas) and what they need, but none of `without`.
 */
export function selectServices(wanted: string, without: string, settings: Settings): Selected[] {
  const removed = new Set(without === '' ? [] : names('without', without));
  for (const name of removed) {
    if (SERVICES[name]!.core) refuse('without', without, `services that can be left out; ${name} belongs to the core`);
  }
  const all = Object.entries(SERVICES)
    .map(([name, service]) => ({ ...service, name, needs: needsOf(service, settings) }));
  const core = all.filter((service) => service.core).map(({ name }) => name);
  const chosen = new Set([
    ...core,
    ...(wanted === 'core' ? [] : wanted === 'all' ? defaults(all, settings) : names('services', wanted)),
  ].filter((name) => !removed.has(name)));
  // A set takes what is added while it is iterated.
  for (const name of chosen) {
    for (const need of all.find((service) => service.name === name)!.needs) {
      if (removed.has(need)) refuse('without', without, `services that no other needs; ${name} needs ${need}`);
      chosen.add(need);
    }
  }
  return all.filter(({ name }) => chosen.has(name));
}

/** All services, but no sandbox beside a real payment provider. */
function defaults(all: readonly Selected[], settings: Settings): string[] {
  return all.map(({ name }) => name).filter((name) => name !== 'payment-sandbox' || settings.paymentProviderUrl === undefined);
}

function needsOf({ needs = [] }: Service, settings: Settings): readonly string[] {
  return typeof needs === 'function' ? needs(settings) : needs;
}

function names(setting: 'services' | 'without', list: string): string[] {
  const known = Object.keys(SERVICES);
  return list.split(',').map((name) => name.trim()).map((name) => {
    if (!known.includes(name)) {
      refuse(setting, name, `${setting === 'services' ? 'core, all, or ' : ''}some of ${known.join(', ')}`);
    }
    return name;
  });
}
