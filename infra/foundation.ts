import { CfnOutput, RemovalPolicy } from 'aws-cdk-lib';
import { CfnAccount } from 'aws-cdk-lib/aws-apigateway';
import { CfnBudget } from 'aws-cdk-lib/aws-budgets';
import { UserPoolOperation } from 'aws-cdk-lib/aws-cognito';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { acknowledge } from './constructs/acknowledge.ts';
import { mailAlarms, watchStreams } from './constructs/alarms.ts';
import { EventArchive } from './constructs/event-archive.ts';
import { RustFunction } from './constructs/rust-function.ts';
import { ServiceStack, type StackContext } from './constructs/service-stack.ts';
import { SignIn } from './constructs/sign-in.ts';

/** Dollars a month above which the budget warns. */
const BUDGET = 1;

/** What all services of a stage stand on: the event bus and its archive, and the user accounts. */
export class Foundation extends ServiceStack {
  constructor(scope: Construct, context: StackContext) {
    super(scope, 'foundation', context);
    const { settings } = this;

    // CloudFormation does not make up the name of a bus, and the CDK's has no stage in it.
    const bus = new EventBus(this, 'EventBus', { eventBusName: this.stackName });
    new EventArchive(this, 'Events', { bus });
    this.provide('event-bus-name', bus.eventBusName);
    // `cargo xtask deploy` starts from these.
    this.provide('settings', JSON.stringify(settings.given));

    const { pool, client } = new SignIn(this, 'SignIn');
    pool.addTrigger(UserPoolOperation.PRE_SIGN_UP, new RustFunction(this, 'SignUp', {
      name: 'identity-on-sign-up',
      crate: 'identity',
      // It makes no call; the timeout leaves time for a cold start before Cognito gives up, after
      // five seconds.
      callsInSequence: 1,
      environment: {},
    }));
    this.provide('user-pool-id', pool.userPoolId);
    this.provide('user-pool-client-id', client.userPoolClientId);

    this.letApiGatewayLog();
    mailAlarms(this);
    watchStreams(this);
    if (settings.budgetEmail !== undefined) this.warnOfCosts(settings.budgetEmail);

    new CfnOutput(this, 'UserPoolId', { value: pool.userPoolId });
    new CfnOutput(this, 'UserPoolClientId', { value: client.userPoolClientId });
    new CfnOutput(this, 'Region', { value: this.region });
    new CfnOutput(this, 'Stage', { value: settings.stage });
    new CfnOutput(this, 'EventBusName', { value: bus.eventBusName });
  }

  /** An account has one such role. It outlives the stack, as APIs of other stages log through it. */
  private letApiGatewayLog(): void {
    const policy = ManagedPolicy.fromAwsManagedPolicyName('service-role/AmazonAPIGatewayPushToCloudWatchLogs');
    const role = new Role(this, 'ApiGatewayLogs', {
      assumedBy: new ServicePrincipal('apigateway.amazonaws.com'), managedPolicies: [policy],
    });
    acknowledge(role, `IAM4[Policy::${policy.managedPolicyArn}]`, 'AWS has this policy for the one role by which all APIs of an account log.');
    role.applyRemovalPolicy(RemovalPolicy.RETAIN);
    new CfnAccount(this, 'ApiGatewayAccount', { cloudWatchRoleArn: role.roleArn }).applyRemovalPolicy(RemovalPolicy.RETAIN);
  }

  /** A budget is free, and covers the whole account. */
  private warnOfCosts(address: string): void {
    new CfnBudget(this, 'Budget', {
      budget: { budgetType: 'COST', timeUnit: 'MONTHLY', budgetLimit: { amount: BUDGET, unit: 'USD' } },
      notificationsWithSubscribers: (['ACTUAL', 'FORECASTED'] as const).map((notificationType) => ({
        notification: { notificationType, comparisonOperator: 'GREATER_THAN', threshold: 100, thresholdType: 'PERCENTAGE' },
        subscribers: [{ subscriptionType: 'EMAIL', address }],
      })),
    });
  }
}
