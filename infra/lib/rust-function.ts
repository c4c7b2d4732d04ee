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
  /** Name of the function, by which the service's executable knows which of its functions it is to be. */
  readonly name: string;
  /** Name of the service's crate, which is one executable. */
  readonly service: string;
  /** AWS calls that an invocation makes one after the other, at most. */
  readonly callsInSequence: number;
  readonly environment: Readonly<Record<string, string>>;
  /** A metric of its own that counts its refusals, if it has no way to refuse but an error. */
  readonly refusalsMetric?: string;
}

/** A Lambda function of a service's prebuilt executable, with a role of its own that allows logging and nothing else. */
export class RustFunction extends Function {
  readonly name: string;
  readonly callsInSequence: number;
  /** How often it refused by an error, which is no failure. */
  readonly refusals?: IMetric;
  private readonly service: string;

  constructor(scope: Construct, id: string, props: RustFunctionProps) {
    const { settings, name, service } = props;
    const logs = serviceLogs(scope, service, settings);
    super(scope, id, {
      runtime: Runtime.PROVIDED_AL2023,
      architecture: settings.architecture === 'arm64' ? Architecture.ARM_64 : Architecture.X86_64,
      handler: name,
      code: Code.fromAsset(zipOf(settings, service)),
      description: `Ferrocart ${name} (${settings.stage})`,
      // CPU comes with memory; these functions wait for the network most of the time.
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

  /** Lets this function tell what its service has to tell, and nothing in the name of another: who listens believes it. */
  allowFacts(bus: IEventBus): void {
    this.addToRolePolicy(new PolicyStatement({
      actions: ['events:PutEvents'],
      resources: [bus.eventBusArn],
      conditions: { 'ForAllValues:StringEquals': { 'events:source': [`shop.${this.service}`] } },
    }));
  }
}

/**
 * The role of one function, with its policy in it.
 *
 * By itself the CDK makes a resource of each policy, and a stack has room for 500 resources.
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
