import type { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';
import { Queue } from 'aws-cdk-lib/aws-sqs';

/** A queue that lets others do what AWS says they need: the grants of the CDK have actions in them that nothing here calls. */
export class ShopQueue extends Queue {
  /** For functions that Lambda polls the queue for, as in AWS's own policy `AWSLambdaSQSQueueExecutionRole`. */
  override grantConsumeMessages(grantee: IGrantable): Grant {
    return this.grant(grantee, 'sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes');
  }

  override grantSendMessages(grantee: IGrantable): Grant {
    return this.grant(grantee, 'sqs:SendMessage');
  }
}
