import { RemovalPolicy } from 'aws-cdk-lib';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { ServiceStack } from './service-stack.ts';

/** A log group with a retention of two weeks, or three months in production. */
export function logGroup(scope: Construct, id: string): LogGroup {
  const { settings } = ServiceStack.of(scope);
  return new LogGroup(scope, id, {
    retention: settings.production ? RetentionDays.THREE_MONTHS : RetentionDays.TWO_WEEKS,
    removalPolicy: settings.production ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
  });
}

/**
 * The log group of a service. Its functions share it; each writes its own streams, which bear its
 * name.
 */
export function serviceLogs(scope: Construct): LogGroup {
  const stack = ServiceStack.of(scope);
  return (stack.node.tryFindChild('Logs') as LogGroup | undefined) ?? logGroup(stack, 'Logs');
}
