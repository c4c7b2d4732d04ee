import type { CfnStage } from 'aws-cdk-lib/aws-apigateway';
import type { Settings } from '../settings.ts';

/**
 * Cost class of a route: `read` is one table read, `change` some writes, `checkout` most of all.
 */
export type RateLimit = 'read' | 'change' | 'checkout';

/** Rate of a method in each class, as a share of the stage's rate. */
const SHARES: Readonly<Record<RateLimit, number>> = { read: 2, change: 1, checkout: 0.25 };

export function isRateLimit(name: string): name is RateLimit {
  return Object.hasOwn(SHARES, name);
}

/** AWS's default quotas for an account in one region; higher limits cannot be set. */
const MOST = { perSecond: 10_000, burst: 5_000 } as const;

/** The limits of a method, counted over all callers together. */
export function limitsOf(pace: RateLimit, settings: Settings): { readonly perSecond: number; readonly burst: number } {
  const share = SHARES[pace];
  return {
    perSecond: Math.min(MOST.perSecond, Math.ceil(share * settings.requestsPerSecond)),
    burst: Math.min(MOST.burst, Math.ceil(share * settings.requestBurst)),
  };
}

/**
 * The limits of one method, as a stage takes them; the path `/*` and the verb `*` set the default.
 */
export function methodSetting(
  path: string, verb: string, pace: RateLimit, settings: Settings,
): CfnStage.MethodSettingProperty {
  const { perSecond, burst } = limitsOf(pace, settings);
  return {
    httpMethod: verb,
    // A JSON pointer (RFC 6901) after a slash.
    resourcePath: path === '/*' ? path : `/${path.replaceAll('/', '~1')}`,
    throttlingRateLimit: perSecond,
    throttlingBurstLimit: burst,
  };
}
