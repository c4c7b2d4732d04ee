import { readFileSync } from 'node:fs';
import { CfnOutput, Duration, Stack, Tags } from 'aws-cdk-lib';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { Policy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { DefinitionBody, StateMachine, StateMachineType } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { alarm, combined } from './alarms.ts';
import { EventQueue } from './event-queue.ts';
import { publish } from './outputs.ts';
import { ShopQueue } from './queue.ts';
import { RustFunction } from './rust-function.ts';
import type { Settings } from './settings.ts';
import { ShopTable } from './table.ts';
import type { WorkQueue } from './work-queue.ts';

export interface FulfilmentProps {
  readonly settings: Settings;
  readonly bus: IEventBus;
  readonly orders: ShopTable<'order'>;
  /** The function of inventory that the workflow invokes. */
  readonly inventorySteps: RustFunction;
  /** The command queue of payment. */
  readonly paymentCommands: WorkQueue;
  /** The command queue of shipping. */
  readonly shippingCommands: WorkQueue;
}

/**
 * Fulfilment of orders by a workflow, defined in `services/ordering/fulfilment.asl.json`.
 *
 * The rest of the ordering service does not depend on it.
 */
export class Fulfilment extends Construct {
  private readonly workflow: StateMachine;

  constructor(scope: Construct, id: string, props: FulfilmentProps) {
    super(scope, id);
    const { settings, bus, orders, inventorySteps, paymentCommands, shippingCommands } = props;
    Tags.of(this).add('service', 'ordering');

    const fulfilments = new ShopTable(this, 'Fulfilments', {
      settings, name: 'fulfilment', partitionKey: 'orderId', timeToLive: 'expiresAt',
    });

    const steps = new RustFunction(this, 'Steps', {
      settings,
      service: 'ordering',
      name: 'ordering-steps',
      // Find the order's owner and the order, where it is or where an erasure moved it. Update it,
      // there or there, or store the wait and send the command.
      callsInSequence: 5,
      environment: {
        ORDER_TABLE: orders.tableName,
        FULFILMENT_TABLE: fulfilments.tableName,
        PAYMENT_QUEUE_URL: paymentCommands.queue.queueUrl,
        SHIPPING_QUEUE_URL: shippingCommands.queue.queueUrl,
      },
    });
    steps.allow(orders.tableArn, 'dynamodb:GetItem', 'dynamodb:UpdateItem');
    steps.allow(fulfilments.tableArn, 'dynamodb:UpdateItem');
    steps.allow(paymentCommands.queue.queueArn, 'sqs:SendMessage');
    steps.allow(shippingCommands.queue.queueArn, 'sqs:SendMessage');

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
    for (const step of [inventorySteps, steps]) {
      role.addToPolicy(new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [step.functionArn] }));
    }
    role.addToPolicy(new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [failures.queueArn] }));
    this.workflow = new StateMachine(this, 'Workflow', {
      // An order can take weeks, and no step may run twice unnoticed: both rule out an express
      // workflow.
      stateMachineType: StateMachineType.STANDARD,
      definitionBody: DefinitionBody.fromString(readFileSync(DEFINITION, 'utf8')),
      definitionSubstitutions: {
        InventorySteps: inventorySteps.functionArn,
        OrderingSteps: steps.functionArn,
        FailuresQueueUrl: failures.queueUrl,
      },
      role,
    });
    new CfnOutput(Stack.of(this), 'FulfilmentWorkflowArn', { value: this.workflow.stateMachineArn });
    this.allowAnswers(steps);

    const events = new RustFunction(this, 'OnEvent', {
      settings,
      service: 'ordering',
      name: 'ordering-on-event',
      // A delivered parcel: find the order's owner and the order, then mark the order shipped and
      // delivered, each where the order is or where an erasure moved it. Then complete the task
      // that still waits for the shipment.
      callsInSequence: 9,
      environment: {
        ORDER_TABLE: orders.tableName,
        FULFILMENT_TABLE: fulfilments.tableName,
        FULFILMENT_WORKFLOW_ARN: this.workflow.stateMachineArn,
        SHIPPING_QUEUE_URL: shippingCommands.queue.queueUrl,
      },
    });
    events.allow(orders.tableArn, 'dynamodb:GetItem', 'dynamodb:UpdateItem');
    events.allow(fulfilments.tableArn, 'dynamodb:PutItem', 'dynamodb:UpdateItem');
    events.allow(shippingCommands.queue.queueArn, 'sqs:SendMessage');
    events.allow(this.workflow.stateMachineArn, 'states:StartExecution');
    this.allowAnswers(events);
    new EventQueue(this, 'Events', {
      settings,
      bus,
      sources: ['shop.ordering', 'shop.payment', 'shop.shipping'],
      detailTypes: [
        'OrderPlaced', 'OrderCancellationRequested',
        'PaymentSettled', 'PaymentDeclined', 'PaymentRefunded',
        'ShipmentRefused', 'ShipmentCancelled', 'ShipmentDispatched', 'ShipmentDelivered',
      ],
      consumer: events,
    });

    if (!settings.alarms) return;
    alarm(this, 'Alarm', {
      description: `A workflow failed, or something of an order waits for a person in fulfilment-failures (${settings.stage})`,
      metric: combined('SUM', [
        { metric: this.workflow.metricFailed() },
        { metric: this.workflow.metricAborted() },
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
  private allowAnswers(answering: RustFunction): void {
    new Policy(this, `${answering.node.id}Answers`, {
      roles: [answering.role as Role],
      statements: [new PolicyStatement({
        actions: ['states:SendTaskSuccess', 'states:SendTaskFailure'], resources: [this.workflow.stateMachineArn],
      })],
    });
  }
}

const DEFINITION = new URL('../../services/ordering/fulfilment.asl.json', import.meta.url);
