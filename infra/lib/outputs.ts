import { CfnOutput, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/** Kinds of resources that tools look up by the name this project gives them. */
export type OutputKind = 'Table' | 'Function' | 'Queue';

/**
 * Publishes a resource as the stack output `<Kind><Name>`, the name in PascalCase because CloudFormation takes
 * letters and digits only: queue `basket-on-product-dlq` becomes `QueueBasketPricesDlq`, and back by splitting at capitals.
 */
export function publish(scope: Construct, kind: OutputKind, name: string, value: string): void {
  new CfnOutput(Stack.of(scope), kind + pascalCase(name), { value });
}

function pascalCase(kebab: string): string {
  return kebab.replace(/(^|-)(.)/g, (_, __, letter: string) => letter.toUpperCase());
}
