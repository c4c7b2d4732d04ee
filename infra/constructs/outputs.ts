import { CfnOutput, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/** Kinds of resources that tools look up by their name in this project. */
export type OutputKind = 'Table' | 'Function' | 'Queue' | 'Rule' | 'ScheduleGroup';

/**
 * Publishes a resource as the stack output `<Kind><Name>`, the name in PascalCase because
 * CloudFormation takes letters and digits only. Queue `basket-failures` becomes
 * `QueueBasketFailures`; splitting at capitals reverses it.
 */
export function publish(scope: Construct, kind: OutputKind, name: string, value: string): void {
  new CfnOutput(Stack.of(scope), kind + pascalCase(name), { value });
}

/** `basket-on-product` as `BasketOnProduct`. */
export function pascalCase(kebab: string): string {
  return kebab.replace(/(^|-)(.)/g, (_, __, letter: string) => letter.toUpperCase());
}
