import { CfnParameter, Stack } from 'aws-cdk-lib';
import { CfnParameter as SsmParameter } from 'aws-cdk-lib/aws-ssm';
import type { Settings } from '../settings.ts';
import { pascalCase } from './outputs.ts';

/**
 * Values that a stack of a stage hands to other stacks, as SSM parameters.
 *
 * CloudFormation refuses to change or remove an export while another stack imports it. A parameter
 * is read when a stack is deployed and blocks nothing.
 */

/** The name of the parameter, `/ferrocart/<stage>/<owner>/<name>`. */
export function parameterName(settings: Settings, owner: string, name: string): string {
  return `/ferrocart/${settings.stage}/${owner}/${name}`;
}

/** Hands a value to other stacks. `owner` is the service that this stack deploys. */
export function provide(stack: Stack, settings: Settings, owner: string, name: string, value: string): void {
  new SsmParameter(stack, `${pascalCase(name)}Value`, {
    type: 'String', name: parameterName(settings, owner, name), value,
  });
}

/** The value that the stack of `owner` provides under this name. */
export function provided(stack: Stack, settings: Settings, owner: string, name: string): string {
  const id = pascalCase(`${owner}-${name}`);
  const known = stack.node.tryFindChild(id) as CfnParameter | undefined;
  const parameter = known ?? new CfnParameter(stack, id, {
    type: 'AWS::SSM::Parameter::Value<String>', default: parameterName(settings, owner, name),
  });
  return parameter.valueAsString;
}
