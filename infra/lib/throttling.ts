import type { CfnStage } from 'aws-cdk-lib/aws-apigateway';
import type { Settings } from './settings.ts';

/** What a route costs the stage: `read` a look at a table, `change` some writes, `checkout` most of all. */
export type RateLimit = 'read' | 'change' | 'checkout';

/** How often a method of each pace may be called, as a share of the stage's rate. */
const SHARES: Readonly<Record<RateLimit, number>> = { read: 2, change: 1, checkout: 0.25 };

/** More cannot be set: what AWS gives an account in one region by default. */
const MOST = { perSecond: 10_000, burst: 5_000 } as const;

/** The limits of a method, counted over all callers together. */
export function limitsOf(pace: RateLimit, settings: Settings): { readonly perSecond: number; readonly burst: number } {
  const share = SHARES[pace];
  return {
    perSecond: Math.min(MOST.perSecond, Math.ceil(share * settings.requestsPerSecond)),
    burst: Math.min(MOST.burst, Math.ceil(share * settings.requestBurst)),
  };
}

/** The limits of one method, as a stage takes them; of every other one for the path `/*` and the verb `*`. */
export function methodSetting(
  path: string, verb: string, pace: RateLimit, settings: Settings,
): CfnStage.MethodSettingProperty {
  const { perSecond, burst } = limitsOf(pace, settings);
  return {
    httpMethod: verb,
    // A JSON pointer (RFC 6901) behind a slash.
    resourcePath: path === '/*' ? path : `/${path.replaceAll('/', '~1')}`,
    throttlingRateLimit: perSecond,
    throttlingBurstLimit: burst,
  };
}
