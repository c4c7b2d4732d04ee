import { Stack } from 'aws-cdk-lib';
import { CfnWebACL, CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';

/** Requests per address in five minutes; a busy page sends a tenth of it. */
const REQUESTS_PER_ADDRESS = 1_000;

export interface FirewallProps {
  /** ARN of the API's stage. */
  readonly stageArn: string;
  /** Name of the stage, the prefix of its request paths. */
  readonly stage: string;
  /** Paths whose requests are signed by the calling program. */
  readonly signedPaths: readonly string[];
}

/**
 * AWS WAF in front of the API: AWS's managed rules against common attacks, and a rate limit per
 * address. The gateway's own throttle counts all callers together.
 *
 * AWS's rules guess what an attack is. They refuse requests without a user agent, or with parts of
 * a URL in the body; a payment provider may well send both. So they skip paths that take signed
 * requests only, where the signature is the better check. The rate limit per address counts those
 * requests, too.
 */
export class Firewall extends Construct {
  constructor(scope: Construct, id: string, { stageArn, stage, signedPaths }: FirewallProps) {
    super(scope, id);
    const measured = (metric: string) => ({
      metricName: `${Stack.of(this).stackName}-${metric}`,
      cloudWatchMetricsEnabled: true,
      // Samples contain headers, and so tokens, visible to everyone with console access.
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
              // A basket of a hundred lines exceeds its 8 KB; gateway and functions have their own
              // limits.
              ruleActionOverrides: [{ name: 'SizeRestrictions_BODY', actionToUse: { count: {} } }],
              ...(signedPaths.length === 0 ? {} : { scopeDownStatement: { notStatement: { statement: isAnyOf(stage, signedPaths) } } }),
            },
          },
          visibilityConfig: measured('common-attacks'),
        },
      ],
    });
    new CfnWebACLAssociation(this, 'Association', { resourceArn: stageArn, webAclArn: acl.attrArn });
  }
}

/** Matches these paths in full, with the stage as a prefix, or without it as on a custom domain. */
function isAnyOf(stage: string, paths: readonly string[]): CfnWebACL.StatementProperty {
  return {
    regexMatchStatement: {
      fieldToMatch: { uriPath: {} },
      // The path as it was sent: the rules do inspect a path that is spelled differently.
      textTransformations: [{ priority: 0, type: 'NONE' }],
      regexString: `^(/${stage})?(${paths.join('|')})$`,
    },
  };
}
