import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Duration } from 'aws-cdk-lib';
import {
  type AddToPrincipalPolicyResult, Effect, PolicyDocument, PolicyStatement, Role, ServicePrincipal,
} from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function, Runtime } from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import type { Construct } from 'constructs';
import { ATTEMPT_MILLISECONDS, ATTEMPTS, timeoutSeconds } from './call-budget.ts';
import { serviceLogs } from './logs.ts';
import { publish } from './outputs.ts';
import { failureQueue } from './failure-queue.ts';
import { ServiceStack } from './service-stack.ts';
import { SettingError, type Settings } from '../settings.ts';

const METRICS_NAMESPACE = 'Ferrocart';

export interface RustFunctionProps {
  /** Name of the function, by which the service's executable selects its handler. */
  readonly name: string;
  /** The crate of its executable, if that is not the service of its stack. */
  readonly crate?: string;
  /** Maximum number of AWS calls that an invocation makes in sequence. */
  readonly callsInSequence: number;
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * A Lambda function of a service's prebuilt executable, with its own role that allows logging and
 * nothing else.
 */
export class RustFunction extends Function {
  declare readonly role: Role;
  readonly name: string;
  readonly service: string;
  readonly callsInSequence: number;
  private retriesAsynchronousEvents = false;

  constructor(scope: Construct, id: string, props: RustFunctionProps) {
    const { settings, service: owner } = ServiceStack.of(scope);
    const { name, crate: service = owner } = props;
    const logs = serviceLogs(scope);
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
    this.allow(logs.logGroupArn, 'logs:CreateLogStream', 'logs:PutLogEvents');
    publish(this, 'Function', name, this.functionName);
  }

  /** Grants this function the named actions on one resource. */
  allow(resourceArn: string, ...actions: string[]): void {
    this.addToRolePolicy(new PolicyStatement({ effect: Effect.ALLOW, actions, resources: [resourceArn] }));
  }

  /**
   * Keeps an event of an asynchronous invocation for six hours while the function is throttled, and
   * retries a failed one twice, after one and two minutes. Then it goes to the failure queue.
   */
  retryAsynchronousEvents(): void {
    if (this.retriesAsynchronousEvents) return;
    this.retriesAsynchronousEvents = true;
    this.configureAsyncInvoke({
      retryAttempts: 2, maxEventAge: Duration.hours(6), onFailure: new SqsDestination(failureQueue(this)),
    });
  }

  /** Lets this function publish events of its own service only: consumers trust the `source`. */
  allowEvents(): void {
    const { bus } = ServiceStack.of(this);
    this.addEnvironment('EVENT_BUS', bus.eventBusName);
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
