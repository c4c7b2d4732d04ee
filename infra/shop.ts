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
import { watchFailures } from './constructs/alarms.ts';
import type { ServiceStack, StackContext } from './constructs/service-stack.ts';
import { Edge } from './edge.ts';
import { Foundation } from './foundation.ts';
import type { Selected, ServiceName } from './services.ts';

const STACKS: Readonly<Record<ServiceName, new (scope: Construct, context: StackContext) => ServiceStack>> = {
  product: ProductStack,
  basket: BasketStack,
  ordering: OrderingStack,
  fulfilment: FulfilmentStack,
  inventory: InventoryStack,
  payment: PaymentStack,
  'payment-sandbox': PaymentSandboxStack,
  shipping: ShippingStack,
  notification: NotificationStack,
  audit: AuditStack,
  realtime: RealtimeStack,
  privacy: PrivacyStack,
};

/**
 * Creates the stacks of one stage: the foundation, the services on it, and the edge in front of
 * them. A stack is deployed after those whose values it reads.
 */
export function createStacks(scope: Construct, context: StackContext, selected: readonly Selected[]): ServiceStack[] {
  const foundation = new Foundation(scope, context);
  const services = selected.map(({ name }) => new STACKS[name](scope, context));
  const edge = new Edge(scope, { ...context, services });
  const stacks = [foundation, ...services, edge];
  for (const stack of stacks) {
    watchFailures(stack);
    for (const owner of stack.readsFrom) stack.addStackDependency(stacks.find(({ service }) => service === owner)!);
  }
  for (const service of services) edge.addStackDependency(service);
  return stacks;
}
