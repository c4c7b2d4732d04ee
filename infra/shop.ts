import type { Construct } from 'constructs';
import { watchFailures } from './constructs/alarms.ts';
import type { StackContext } from './constructs/service-stack.ts';
import { Edge } from './edge.ts';
import { Foundation } from './foundation.ts';
import type { Selected } from './services.ts';

/**
 * The stacks of one stage: the foundation, the services on it, and the edge in front of them. A
 * stack is deployed after those whose values it reads.
 */
export function createStacks(scope: Construct, context: StackContext, selected: readonly Selected[]): void {
  const foundation = new Foundation(scope, context);
  const services = selected.map((service) => ({ ...service, stack: new service.stack(scope, context) }));
  const stackOf = (name: string) => services.find((service) => service.name === name)!.stack;
  for (const { stack } of services) {
    watchFailures(stack);
    for (const owner of stack.readsFrom) stack.addStackDependency(owner === foundation.service ? foundation : stackOf(owner));
  }
  const edge = new Edge(scope, { ...context, services: services.map(({ stack }) => stack) });
  for (const { stack } of services) edge.addStackDependency(stack);
}
