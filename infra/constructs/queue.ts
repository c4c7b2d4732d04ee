import { Aspects, Lazy, Stack } from 'aws-cdk-lib';
import { AnyPrincipal, Effect, type Grant, type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { CfnQueuePolicy, Queue, QueueEncryption, type QueueProps } from 'aws-cdk-lib/aws-sqs';
import { Construct, type IConstruct } from 'constructs';

/**
 * An encrypted queue that accepts TLS only. It grants the actions that AWS's documentation lists;
 * the CDK's grants have actions that nothing here calls.
 */
export class ShopQueue extends Queue {
  constructor(scope: Construct, id: string, props: Omit<QueueProps, 'encryption' | 'enforceSSL'>) {
    super(scope, id, { ...props, encryption: QueueEncryption.SQS_MANAGED });
    TlsOnly.of(Stack.of(this));
  }

  /**
   * For functions whose queue Lambda polls, as in AWS's own policy
   * `AWSLambdaSQSQueueExecutionRole`.
   */
  override grantConsumeMessages(grantee: IGrantable): Grant {
    return this.grant(grantee, 'sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes');
  }

  override grantSendMessages(grantee: IGrantable): Grant {
    return this.grant(grantee, 'sqs:SendMessage');
  }
}

/**
 * Refuses plain HTTP to all queues of a stack.
 *
 * A queue has one policy. Queues that already have one get another statement; all others share one
 * policy. A policy for each would be a tenth of the 500 resources that CloudFormation takes in a
 * stack.
 */
class TlsOnly extends Construct {
  static of(stack: Stack): void {
    if (stack.node.tryFindChild('TlsOnly') === undefined) new TlsOnly(stack, 'TlsOnly');
  }

  private constructor(stack: Stack, id: string) {
    super(stack, id);
    const shared: string[] = [];
    new CfnQueuePolicy(this, 'Policy', {
      queues: Lazy.list({ produce: () => shared }),
      // Of a shared policy, each queue takes only the statements about itself.
      policyDocument: { Version: '2012-10-17', Statement: [refusal('*').toStatementJson()] },
    });
    Aspects.of(stack).add({
      visit: (node: IConstruct) => {
        if (!(node instanceof ShopQueue)) return;
        if (node.node.tryFindChild('Policy') !== undefined) node.addToResourcePolicy(refusal(node.queueArn));
        else shared.push(node.queueUrl);
      },
    });
  }
}

function refusal(queueArn: string): PolicyStatement {
  return new PolicyStatement({
    effect: Effect.DENY,
    principals: [new AnyPrincipal()],
    actions: ['sqs:*'],
    resources: [queueArn],
    conditions: { Bool: { 'aws:SecureTransport': 'false' } },
  });
}
