import { CfnOutput, Stack } from 'aws-cdk-lib';
import { Period, type RestApi, type Stage } from 'aws-cdk-lib/aws-apigateway';
import { Construct } from 'constructs';
import { ServiceStack } from './service-stack.ts';
import { limitsOf } from './throttling.ts';

/** Requests of all partners in one day. */
const PARTNER_QUOTA = 10_000;

export interface PartnerKeysProps {
  readonly api: RestApi;
  readonly stage: Stage;
}

/**
 * API keys for programs that read the catalogue: one for partners, with a quota and half the rate,
 * and one for the shop's own pages, without.
 *
 * A key identifies the calling program, never a user: only public methods require one. The gateway
 * checks keys only on methods that require one of every caller, so the shop's pages need theirs as
 * well.
 */
export class PartnerKeys extends Construct {
  constructor(scope: Construct, id: string, { api, stage }: PartnerKeysProps) {
    super(scope, id);
    const { settings } = ServiceStack.of(this);
    const { perSecond, burst } = limitsOf('read', settings);
    const plan = (name: string, share: number, quota?: { limit: number; period: Period }) => {
      const key = api.addApiKey(`${name}Key`, { description: `${Stack.of(this).stackName}: ${name}` });
      api.addUsagePlan(`${name}Plan`, {
        description: `${Stack.of(this).stackName}: ${name}`,
        throttle: { rateLimit: Math.ceil(share * perSecond), burstLimit: Math.ceil(share * burst) },
        quota,
        apiStages: [{ stage }],
      }).addApiKey(key);
      new CfnOutput(Stack.of(this), `${name}KeyId`, { value: key.keyId });
    };
    plan('Shop', 1);
    plan('Partner', 0.5, { limit: PARTNER_QUOTA, period: Period.DAY });
  }
}
