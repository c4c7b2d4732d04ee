import { Stack, Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/**
 * Accepts a finding of [cdk-nag](https://github.com/cdklabs/cdk-nag) in a construct, for a reason.
 * `finding` is the name of a rule of the pack AwsSolutions, without that prefix. Where a rule has
 * several findings it is `<rule>[<detail>]`, for example `IAM5[Resource::<ARN>]`.
 *
 * Tests run the rules. Templates contain nothing of this.
 */
export function acknowledge(construct: IConstruct, finding: string, reason: string): void {
  const id = flat(Stack.of(construct).resolve(finding));
  Validations.of(construct).acknowledge({ id: `AwsSolutions-${id}`, reason });
}

/** Text with its references in angle brackets, as cdk-nag writes it. */
function flat(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const { Ref: ref, 'Fn::GetAtt': attribute, 'Fn::Join': join } = value as Record<string, any>;
  if (join !== undefined) return join[1].map(flat).join(join[0]);
  return `<${attribute?.join('.') ?? ref}>`;
}
