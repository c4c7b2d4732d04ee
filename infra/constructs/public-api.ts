/** The shop's public API, of either kind. */

import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import type { Route } from './api-routes.ts';

export interface PublicApiProps {
  readonly routes: readonly Route[];
  /** The origins of web pages that browsers may call it from. */
  readonly allowedOrigins: readonly string[];
  /** What functions read about the stage with each request. */
  readonly variables: Readonly<Record<string, string>>;
}

export interface PublicApi {
  /** Ends in a slash. */
  readonly url: string;
  readonly id: string;
  /** Requests that were answered with 5xx. */
  readonly serverErrors: IMetric;
}
