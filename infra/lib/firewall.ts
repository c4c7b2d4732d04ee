import { Lazy, Stack } from 'aws-cdk-lib';
import { CfnWebACL, CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';

/** Requests of one address in five minutes: a busy page sends a tenth of it. */
const REQUESTS_PER_ADDRESS = 1_000;

export interface FirewallProps {
  /** ARN of the API's stage. */
  readonly stageArn: string;
  /** Name of the stage, with which the paths of its requests begin. */
  readonly stage: string;
  /** Paths of programs that sign what they send; read when the template is made. */
  readonly signedPaths: readonly string[];
}

/**
 * AWS WAF in front of the API: the rules that AWS keeps against common attacks, and a limit for each address, where the
 * gateway's own throttle counts all callers together.
 *
 * AWS's rules are a guess at what attacks look like: they refuse requests without a user agent, or with parts of a URL in
 * the body, as a payment provider may well send them. So they do not look at requests to paths that take signed requests
 * only, whose signature says more; the limit for each address counts those, too.
 */
export class Firewall extends Construct {
  constructor(scope: Construct, id: string, { stageArn, stage, signedPaths }: FirewallProps) {
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
              scopeDownStatement: {
                notStatement: {
                  statement: {
                    regexMatchStatement: {
                      fieldToMatch: { uriPath: {} },
                      // As it was sent: a path in other words is looked at.
                      textTransformations: [{ priority: 0, type: 'NONE' }],
                      regexString: Lazy.string({ produce: () => anyOf(stage, signedPaths) }),
                    },
                  },
                },
              },
            },
          },
          visibilityConfig: measured('common-attacks'),
        },
      ],
    });
    new CfnWebACLAssociation(this, 'Association', { resourceArn: stageArn, webAclArn: acl.attrArn });
  }
}

/** Matches these paths in full, with the stage before them, or without it as at a domain of one's own. */
function anyOf(stage: string, paths: readonly string[]): string {
  if (paths.length === 0) throw new Error('No path takes signed requests only, so the firewall needs no exception.');
  return `^(/${stage})?(${paths.join('|')})$`;
}
