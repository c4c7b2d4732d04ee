import { Stack } from 'aws-cdk-lib';
import { CfnWebACL, CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';

/** Requests of one address in five minutes: a busy page sends a tenth of it. */
const REQUESTS_PER_ADDRESS = 1_000;

export interface FirewallProps {
  /** ARN of the API's stage. */
  readonly stageArn: string;
}

/**
 * AWS WAF in front of the API: the rules that AWS keeps against common attacks, and a limit for each address, where the
 * gateway's own throttle counts all callers together.
 */
export class Firewall extends Construct {
  constructor(scope: Construct, id: string, { stageArn }: FirewallProps) {
    super(scope, id);
    const measured = (metric: string) => ({
      metricName: `${Stack.of(this).stackName}-${metric}`,
      cloudWatchMetricsEnabled: true,
      // Samples hold headers, and so tokens, for everyone to see who may open the console.
      sampledRequestsEnabled: false,
    });
    const acl = new CfnWebACL(this, 'Acl', {
      scope: 'REGIONAL',
      defaultAction: { allow: {} },
      visibilityConfig: measured('firewall'),
      rules: [
        {
          name: 'each-address',
          priority: 0,
          action: { block: {} },
          statement: { rateBasedStatement: { aggregateKeyType: 'IP', limit: REQUESTS_PER_ADDRESS } },
          visibilityConfig: measured('each-address'),
        },
        {
          name: 'common-attacks',
          priority: 1,
          overrideAction: { none: {} },
          statement: {
            managedRuleGroupStatement: {
              vendorName: 'AWS',
              name: 'AWSManagedRulesCommonRuleSet',
              // A basket of a hundred lines is larger than its 8 KB; gateway and functions have limits of their own.
              ruleActionOverrides: [{ name: 'SizeRestrictions_BODY', actionToUse: { count: {} } }],
            },
          },
          visibilityConfig: measured('common-attacks'),
        },
      ],
    });
    new CfnWebACLAssociation(this, 'Association', { resourceArn: stageArn, webAclArn: acl.attrArn });
  }
}
