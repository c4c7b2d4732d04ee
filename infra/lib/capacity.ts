/** Provisioned throughput in DynamoDB capacity units. */
export interface Throughput {
  readonly read: number;
  readonly write: number;
}

/**
 * How the always-free 25 RCU and 25 WCU of an account are shared out.
 *
 * Every index needs the writes of its table, and a checkout writes twice its items because it is a transaction.
 */
export const FREE_TIER = {
  product: { read: 4, write: 2 },
  'product/by-category': { read: 3, write: 2 },
  basket: { read: 3, write: 4 },
  price: { read: 3, write: 3 },
  checkout: { read: 1, write: 3 },
  idempotency: { read: 2, write: 3 },
  order: { read: 4, write: 3 },
  'order/by-status': { read: 3, write: 3 },
  customer: { read: 2, write: 2 },
} as const satisfies Record<string, Throughput>;

/** A table, or an index as `<table>/<index>`. */
export type Provisioned = keyof typeof FREE_TIER;

/** A table by its logical name. */
export type TableName = Exclude<Provisioned, `${string}/${string}`>;

/** The indexes of one table. */
export type IndexName<T extends TableName> = Extract<Provisioned, `${T}/${string}`> extends `${T}/${infer I}` ? I : never;
