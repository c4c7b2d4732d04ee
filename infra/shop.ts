import type { Construct } from 'constructs';
import { watchFailures } from './constructs/alarms.ts';
import { pascalCase } from './constructs/outputs.ts';
import type { ServiceStack, StackContext } from './constructs/service-stack.ts';
import { Edge } from './edge.ts';
import { Foundation } from './foundation.ts';
import { allServices, type Selected } from './services.ts';

type StackClass = new (scope: Construct, context: StackContext) => ServiceStack;

/**
 * The stack class of each service: `LoyaltyStack` in `services/loyalty/stack.ts`. A second service of
 * a crate has its own file there, `<service>-stack.ts`; one without a crate has its file here.
 */
const STACKS = new Map(await Promise.all(allServices().map(async ({ name, crate }) => {
  const file = crate === null ? `./${name}.ts` : `../services/${crate}/${crate === name ? 'stack.ts' : `${name}-stack.ts`}`;
  const module = await import(file);
  return [name, module[`${pascalCase(name)}Stack`] as StackClass] as const;
})));

/**
 * Creates the stacks of one stage: the foundation, the services on it, and the edge in front of
 * them. A stack is deployed after those whose values it reads.
 */
export function createStacks(scope: Construct, context: StackContext, selected: readonly Selected[]): ServiceStack[] {
  const foundation = new Foundation(scope, context);
  const services = selected.map(({ name }) => new (STACKS.get(name)!)(scope, context));
  const edge = new Edge(scope, { ...context, services });
  const stacks = [foundation, ...services, edge];
  for (const stack of stacks) {
    watchFailures(stack);
    for (const owner of stack.readsFrom) stack.addStackDependency(stacks.find(({ service }) => service === owner)!);
  }
  for (const service of services) edge.addStackDependency(service);
  return stacks;
}
