import { ArnFormat } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { failureQueue } from './failure-queue.ts';
import { publish } from './outputs.ts';
import type { RustFunction } from './rust-function.ts';
import { ServiceStack } from './service-stack.ts';

/**
 * One-time schedules that publish events of this service later. An event that cannot be published
 * for a day goes to the service's failure queue.
 */
export class Schedules extends Construct {
  private readonly group: CfnScheduleGroup;
  private readonly role: Role;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const { account, bus, service } = ServiceStack.of(this);
    this.group = new CfnScheduleGroup(this, 'Group');
    publish(this, 'ScheduleGroup', service, this.group.ref);
    this.role = new Role(this, 'Role', {
      // Only for schedules of this group: other ones in the account might use the role's name.
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': account },
          ArnEquals: { 'aws:SourceArn': this.group.attrArn },
        },
      }),
    });
    this.role.addToPolicy(new PolicyStatement({
      actions: ['events:PutEvents'],
      resources: [bus.eventBusArn],
      conditions: { 'ForAllValues:StringEquals': { 'events:source': [`shop.${service}`] } },
    }));
    this.role.addToPolicy(new PolicyStatement({
      actions: ['sqs:SendMessage'], resources: [failureQueue(this).queueArn],
    }));
  }

  /** Lets a function create schedules. It finds their group, role and targets in its environment. */
  allowCreation(creator: RustFunction): void {
    const stack = ServiceStack.of(this);
    creator.addEnvironment('SCHEDULE_GROUP', this.group.ref);
    creator.addEnvironment('SCHEDULE_ROLE_ARN', this.role.roleArn);
    creator.addEnvironment('SCHEDULE_BUS_ARN', stack.bus.eventBusArn);
    creator.addEnvironment('SCHEDULE_FAILURES_ARN', failureQueue(this).queueArn);
    const schedules = stack.formatArn({
      service: 'scheduler', resource: 'schedule', resourceName: `${this.group.ref}/*`, arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    });
    creator.allow(schedules, 'scheduler:CreateSchedule');
    acknowledge(creator.role, `IAM5[Resource::${schedules}]`, 'Each schedule has a name of its own; all are in the group of this service.');
    creator.addToRolePolicy(new PolicyStatement({
      actions: ['iam:PassRole'],
      resources: [this.role.roleArn],
      conditions: { StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } },
    }));
  }
}
