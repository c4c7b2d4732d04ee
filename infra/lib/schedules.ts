import { ArnFormat, Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { RustFunction } from './rust-function.ts';

/** Value of `SCHEDULE_TARGET_ARN` in a function that is the target of its own schedules. */
export const SELF = 'self';

export interface SchedulesProps {
  /** Takes what cannot be delivered for a day. */
  readonly deadLetters: Queue;
}

/** A group of one-time schedules, which functions create, and the role that delivers them. */
export class Schedules extends Construct {
  private readonly group: CfnScheduleGroup;
  private readonly role: Role;
  private readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, { deadLetters }: SchedulesProps) {
    super(scope, id);
    const stack = Stack.of(this);
    this.deadLetters = deadLetters;
    this.group = new CfnScheduleGroup(this, 'Group');
    this.role = new Role(this, 'Role', {
      // Only for schedules of this group: other ones in the account might use the role's name.
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': stack.account },
          ArnEquals: { 'aws:SourceArn': this.group.attrArn },
        },
      }),
    });
    this.allow('sqs:SendMessage', deadLetters.queueArn);
  }

  /** Lets schedules send to a queue. */
  sendTo(queue: Queue): void {
    this.allow('sqs:SendMessage', queue.queueArn);
  }

  /** Lets schedules invoke a function. */
  invoke(target: RustFunction): void {
    this.allow('lambda:InvokeFunction', target.functionArn);
  }

  /**
   * Lets a function create schedules in this group for one target, and pass them their role. Its
   * environment gets what `lambdakit::messaging::schedule` reads.
   */
  allowCreation(creator: RustFunction, targetArn: string): void {
    creator.addEnvironment('SCHEDULE_GROUP', this.group.ref);
    creator.addEnvironment('SCHEDULE_TARGET_ARN', targetArn);
    creator.addEnvironment('SCHEDULE_DEAD_LETTERS_ARN', this.deadLetters.queueArn);
    creator.addEnvironment('SCHEDULE_ROLE_ARN', this.role.roleArn);
    const schedules = Stack.of(this).formatArn({
      service: 'scheduler', resource: 'schedule', resourceName: `${this.group.ref}/*`, arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    });
    creator.allow(schedules, 'scheduler:CreateSchedule');
    creator.addToRolePolicy(new PolicyStatement({
      actions: ['iam:PassRole'],
      resources: [this.role.roleArn],
      conditions: { StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } },
    }));
  }

  private allow(action: string, resourceArn: string): void {
    this.role.addToPolicy(new PolicyStatement({ actions: [action], resources: [resourceArn] }));
  }
}
