import { readFileSync } from 'node:fs';
import { CfnOutput } from 'aws-cdk-lib';
import { Policy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { DefinitionBody, StateMachine, StateMachineType } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { acknowledge } from '../../infra/constructs/acknowledge.ts';
import { commandQueueOf } from '../../infra/constructs/command-queue.ts';
import { EventSubscription } from '../../infra/constructs/event-subscription.ts';
import { failureQueue } from '../../infra/constructs/failure-queue.ts';
import { RustFunction } from '../../infra/constructs/rust-function.ts';
import { ServiceStack, type StackContext } from '../../infra/constructs/service-stack.ts';
import { ShopTable } from '../../infra/constructs/table.ts';

/**
 * Fulfilment of orders by a workflow, defined in `services/ordering/fulfilment.asl.json`.
 *
 * The rest of the ordering service does not depend on it.
 */
export class FulfilmentStack extends ServiceStack {
  private readonly workflow: StateMachine;

  constructor(scope: Construct, context: StackContext) {
    super(scope, 'fulfilment', context);

    const fulfilments = new ShopTable(this, 'Fulfilments', {
      name: 'fulfilment', partitionKey: 'orderId', timeToLive: 'expiresAt',
    });

    const orderTable = this.valueOf('ordering', 'order-table-name');
    const orderTableArn = this.formatArn({ service: 'dynamodb', resource: 'table', resourceName: orderTable });
    const payment = commandQueueOf('payment', this);
    const shipping = commandQueueOf('shipping', this);

    const steps = new RustFunction(this, 'Steps', {
      name: 'ordering-steps',
      crate: 'ordering',
      // Find the order's owner and the order, and mark it: an erasure that moves it meanwhile takes
      // one more call. Then store the wait and send the command.
      callsInSequence: 6,
      environment: {
        ORDER_TABLE: orderTable,
        FULFILMENT_TABLE: fulfilments.tableName,
        PAYMENT_QUEUE_URL: payment.url,
        SHIPPING_QUEUE_URL: shipping.url,
      },
    });
    steps.allow(orderTableArn, 'dynamodb:GetItem', 'dynamodb:UpdateItem');
    steps.allow(fulfilments.tableArn, 'dynamodb:UpdateItem');
    steps.allow(payment.arn, 'sqs:SendMessage');
    steps.allow(shipping.arn, 'sqs:SendMessage');

    // Orders that the workflow could neither fulfil nor compensate wait here for an operator.
    const failures = failureQueue(this);

    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('states.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
      }),
    });
    const inventorySteps = this.valueOf('inventory', 'steps-arn');
    role.addToPolicy(new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [inventorySteps, steps.functionArn] }));
    role.addToPolicy(new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [failures.queueArn] }));
    this.workflow = new StateMachine(this, 'Workflow', {
      // An order can take weeks, and no step may run twice unnoticed: both rule out an express
      // workflow.
      stateMachineType: StateMachineType.STANDARD,
      definitionBody: DefinitionBody.fromString(readFileSync(DEFINITION, 'utf8')),
      definitionSubstitutions: {
        InventorySteps: inventorySteps,
        OrderingSteps: steps.functionArn,
        FailuresQueueUrl: failures.queueUrl,
      },
      role,
    });
    acknowledge(this.workflow, 'SF1', 'Step Functions keeps the history of each execution for 90 days; log lines would be paid, and hold addresses.');
    acknowledge(this.workflow, 'SF2', 'X-Ray is paid per trace; the correlation id leads from an execution to the log lines of its functions.');
    new CfnOutput(this, 'FulfilmentWorkflowArn', { value: this.workflow.stateMachineArn });
    this.allowAnswers(steps);

    const events = new RustFunction(this, 'OnEvent', {
      name: 'ordering-on-event',
      crate: 'ordering',
      // A delivered parcel: find the order's owner and the order, then mark the order shipped and
      // delivered, each where the order is or where an erasure moved it. Then complete the task
      // that still waits for the shipment.
      callsInSequence: 9,
      environment: {
        ORDER_TABLE: orderTable,
        FULFILMENT_TABLE: fulfilments.tableName,
        FULFILMENT_WORKFLOW_ARN: this.workflow.stateMachineArn,
        SHIPPING_QUEUE_URL: shipping.url,
      },
    });
    events.allow(orderTableArn, 'dynamodb:GetItem', 'dynamodb:UpdateItem');
    events.allow(fulfilments.tableArn, 'dynamodb:PutItem', 'dynamodb:UpdateItem');
    events.allow(shipping.arn, 'sqs:SendMessage');
    events.allow(this.workflow.stateMachineArn, 'states:StartExecution');
    this.allowAnswers(events);
    new EventSubscription(this, 'Events', {
      sources: ['shop.ordering', 'shop.payment', 'shop.shipping'],
      detailTypes: [
        'OrderCancellationRequested',
        'PaymentSettled', 'PaymentDeclined', 'PaymentRefunded',
        'ShipmentRefused', 'ShipmentCancelled', 'ShipmentDispatched', 'ShipmentDelivered',
      ],
      consumer: events,
      // A lost start or answer would leave an order open for days.
      delivery: 'queued',
    });
    // A rule of its own, which `up` and `deploy` disable before they remove the service: the orders
    // that it has taken up then come to an end.
    new EventSubscription(this, 'Intake', {
      sources: ['shop.ordering'], detailTypes: ['OrderPlaced'], consumer: events, delivery: 'queued',
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
      roles: [answering.role],
      statements: [new PolicyStatement({
        actions: ['states:SendTaskSuccess', 'states:SendTaskFailure'], resources: [this.workflow.stateMachineArn],
      })],
    });
  }
}

const DEFINITION = new URL('fulfilment.asl.json', import.meta.url);
