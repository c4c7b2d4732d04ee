import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Duration } from 'aws-cdk-lib';
import { type IMetric, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import {
  type AddToPrincipalPolicyResult, Effect, PolicyDocument, PolicyStatement, Role, ServicePrincipal,
} from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { ATTEMPT_MILLISECONDS, ATTEMPTS, timeoutSeconds } from './call-budget.ts';
import { serviceLogs } from './logs.ts';
import { publish } from './outputs.ts';
import { SettingError, type Settings } from './settings.ts';

const METRICS_NAMESPACE = 'Ferrocart';

export interface RustFunctionProps {
  readonly settings: Settings;
  /** Name of the function, by which the service's executable selects its handler. */
  readonly name: string;
  /** Name of the service's crate, which is one executable. */
  readonly service: string;
  /** Maximum number of AWS calls that an invocation makes in sequence. */
  readonly callsInSequence: number;
  readonly environment: Readonly<Record<string, string>>;
  /** A metric that counts its refusals, for a function that can only refuse with an error. */
  readonly refusalsMetric?: string;
}

/**
 * A Lambda function of a service's prebuilt executable, with its own role that allows logging and
 * nothing else.
 */
export class RustFunction extends Function {
  readonly name: string;
  readonly service: string;
  readonly callsInSequence: number;
  /** Refusals that were reported as an error, and are no failure. */
  readonly refusals?: IMetric;

  constructor(scope: Construct, id: string, props: RustFunctionProps) {
    const { settings, name, service } = props;
    const logs = serviceLogs(scope, service, settings);
    super(scope, id, {
      runtime: Runtime.PROVIDED_AL2023,
      architecture: settings.architecture === 'arm64' ? Architecture.ARM_64 : Architecture.X86_64,
      handler: name,
      code: Code.fromAsset(zipOf(settings, service)),
      description: `Ferrocart ${name} (${settings.stage})`,
      // Lambda allocates CPU in proportion to memory; these functions mostly wait for the network.
      memorySize: 256,
      timeout: Duration.seconds(timeoutSeconds(props.callsInSequence)),
      role: new FunctionRole(scope, `${id}Role`),
      logGroup: logs,
      environment: {
        SERVICE: service,
        STAGE: settings.stage,
        METRICS_NAMESPACE,
        AWS_MAX_ATTEMPTS: String(ATTEMPTS),
        ATTEMPT_TIMEOUT_MS: String(ATTEMPT_MILLISECONDS),
        ...props.environment,
      },
    });
    this.name = name;
    this.service = service;
    this.callsInSequence = props.callsInSequence;
    if (props.refusalsMetric !== undefined) {
      this.refusals = new Metric({
        namespace: METRICS_NAMESPACE,
        metricName: props.refusalsMetric,
        dimensionsMap: { service, stage: settings.stage },
        statistic: 'Sum',
      });
    }
    this.allow(logs.logGroupArn, 'logs:CreateLogStream', 'logs:PutLogEvents');
    publish(this, 'Function', name, this.functionName);
  }

  /** Grants this function the named actions on one resource. */
  allow(resourceArn: string, ...actions: string[]): void {
    this.addToRolePolicy(new PolicyStatement({ effect: Effect.ALLOW, actions, resources: [resourceArn] }));
  }

  /** Lets this function publish events of its own service only: consumers trust the `source`. */
  allowEvents(bus: IEventBus): void {
    this.addToRolePolicy(new PolicyStatement({
      actions: ['events:PutEvents'],
      resources: [bus.eventBusArn],
      conditions: { 'ForAllValues:StringEquals': { 'events:source': [`shop.${this.service}`] } },
    }));
  }
}

/**
 * The role of one function, with an inline policy.
 *
 * The CDK's default is a resource for each policy, and a stack has room for 500 resources.
 */
class FunctionRole extends Role {
  private readonly policy: PolicyDocument;

  constructor(scope: Construct, id: string) {
    const policy = new PolicyDocument();
    super(scope, id, { assumedBy: new ServicePrincipal('lambda.amazonaws.com'), inlinePolicies: { Policy: policy } });
    this.policy = policy;
  }

  override addToPrincipalPolicy(statement: PolicyStatement): AddToPrincipalPolicyResult {
    this.policy.addStatements(statement);
    return { statementAdded: true, policyDependable: this };
  }
}

function zipOf(settings: Settings, service: string): string {
  const zip = join(settings.functionsDirectory, service, 'bootstrap.zip');
  if (!existsSync(zip)) {
    throw new SettingError(`${zip} is missing: run \`cargo xtask build --lambda\` first.`);
  }
  return zip;
}
