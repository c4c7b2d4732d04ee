import { readFileSync } from 'node:fs';
import { CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { Policy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { DefinitionBody, StateMachine, StateMachineType } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { alarm, combined } from './alarms.ts';
import { publish } from './outputs.ts';
import { ShopQueue } from './queue.ts';
import type { RustFunction } from './rust-function.ts';
import type { Settings } from './settings.ts';

export interface FulfilmentProps {
  readonly settings: Settings;
  /** The functions that the workflow invokes. */
  readonly inventorySteps: RustFunction;
  readonly orderingSteps: RustFunction;
}

/** The fulfilment workflow of an order, defined in `services/ordering/fulfilment.asl.json`. */
export class Fulfilment extends Construct {
  readonly workflowArn: string;

  constructor(scope: Construct, id: string, { settings, inventorySteps, orderingSteps }: FulfilmentProps) {
    super(scope, id);
    // Orders that the workflow could neither fulfil nor compensate wait here for an operator.
    const failures = new ShopQueue(this, 'Failures', {
      retentionPeriod: Duration.days(14),
    });
    publish(this, 'Queue', 'fulfilment-failures', failures.queueUrl);

    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('states.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    });
    for (const step of [inventorySteps, orderingSteps]) {
      role.addToPolicy(new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [step.functionArn] }));
    }
    role.addToPolicy(new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [failures.queueArn] }));
    const workflow = new StateMachine(this, 'Workflow', {
      // An order can take weeks, and no step may run twice unnoticed: both rule out an express
      // workflow.
      stateMachineType: StateMachineType.STANDARD,
      definitionBody: DefinitionBody.fromString(readFileSync(DEFINITION, 'utf8')),
      definitionSubstitutions: {
        InventorySteps: inventorySteps.functionArn,
        OrderingSteps: orderingSteps.functionArn,
        FailuresQueueUrl: failures.queueUrl,
      },
      role,
    });
    this.workflowArn = workflow.stateMachineArn;
    new CfnOutput(Stack.of(this), 'FulfilmentWorkflowArn', { value: workflow.stateMachineArn });

    if (!settings.alarms) return;
    alarm(this, 'Alarm', {
      description: `A workflow failed, or something of an order waits for a person in fulfilment-failures (${settings.stage})`,
      metric: combined('SUM', [
        { metric: workflow.metricFailed() },
        { metric: workflow.metricAborted() },
        { metric: failures.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum' }) },
      ]),
      threshold: 0,
    });
  }

  /**
   * Lets a function complete waiting tasks.
   *
   * In a separate policy: a function depends on the policy in its role, and the workflow on its
   * functions.
   */
  allowAnswers(answering: RustFunction): void {
    new Policy(this, `${answering.node.id}Answers`, {
      roles: [answering.role as Role],
      statements: [new PolicyStatement({
        actions: ['states:SendTaskSuccess', 'states:SendTaskFailure'], resources: [this.workflowArn],
      })],
    });
  }
}

const DEFINITION = new URL('../../services/ordering/fulfilment.asl.json', import.meta.url);
