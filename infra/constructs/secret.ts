import { ArnFormat } from 'aws-cdk-lib';
import type { RustFunction } from './rust-function.ts';
import { ServiceStack } from './service-stack.ts';
import { parameterName } from './stage-value.ts';

/**
 * A secret of the stage, which `cargo xtask deploy` and `up` create before the stacks:
 * CloudFormation cannot make a `SecureString` parameter, and a secret of Secrets Manager costs 0.40
 * dollars a month.
 *
 * Functions receive its name, never the secret itself, which would be visible in their
 * configuration.
 */
export interface Secret {
  /** The service that it belongs to. */
  readonly owner: string;
  readonly name: string;
}

/** Authenticates the shop's requests to the payment provider. */
export const PROVIDER_KEY: Secret = { owner: 'payment', name: 'provider-key' };
/** Signs the payment provider's webhooks to the shop. */
export const WEBHOOK_SECRET: Secret = { owner: 'payment', name: 'webhook-secret' };

/** Hands a function the name of a parameter in `variable`, and lets it read the parameter. */
export function showParameter(reader: RustFunction, variable: string, { owner, name }: Secret): void {
  const stack = ServiceStack.of(reader);
  const parameter = parameterName(stack.settings, owner, name);
  reader.addEnvironment(variable, parameter);
  reader.allow(stack.formatArn({
    service: 'ssm', resource: 'parameter', resourceName: parameter.slice(1), arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
  }), 'ssm:GetParameter');
}
