import { RemovalPolicy, Stack, Tags } from 'aws-cdk-lib';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { Settings } from './settings.ts';

/** A log group with a retention of two weeks, or three months in production. */
export function logGroup(scope: Construct, id: string, settings: Settings): LogGroup {
  return new LogGroup(scope, id, {
    retention: settings.production ? RetentionDays.THREE_MONTHS : RetentionDays.TWO_WEEKS,
    removalPolicy: settings.production ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
  });
}

/**
 * The log group of a service. Its functions share it; each writes its own streams, which bear its
 * name.
 */
export function serviceLogs(scope: Construct, service: string, settings: Settings): LogGroup {
  const stack = Stack.of(scope);
  const id = `${service[0]!.toUpperCase()}${service.slice(1)}Logs`;
  const known = stack.node.tryFindChild(id) as LogGroup | undefined;
  if (known !== undefined) return known;
  const logs = logGroup(stack, id, settings);
  Tags.of(logs).add('service', service);
  return logs;
}
