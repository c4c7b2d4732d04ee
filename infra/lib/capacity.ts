/** Provisioned throughput in DynamoDB capacity units. */
export interface Throughput {
  readonly read: number;
  readonly write: number;
}

/**
 * Allocation of the always-free 25 RCU and 25 WCU of an account.
 *
 * Every index needs as many writes as its table. A checkout is a transaction, so each of its items
 * costs two writes.
 */
export const FREE_TIER = {
  product: { read: 2, write: 1 },
  'product/by-category': { read: 2, write: 1 },
  basket: { read: 2, write: 2 },
  'basket/by-user-name': { read: 1, write: 1 },
  price: { read: 2, write: 1 },
  checkout: { read: 1, write: 2 },
  idempotency: { read: 1, write: 1 },
  order: { read: 2, write: 2 },
  'order/by-status': { read: 1, write: 2 },
  'order/by-user-name': { read: 1, write: 1 },
  privacy: { read: 1, write: 1 },
  fulfilment: { read: 1, write: 1 },
  stock: { read: 1, write: 2 },
  payment: { read: 1, write: 1 },
  provider: { read: 1, write: 1 },
  shipment: { read: 1, write: 1 },
  mail: { read: 1, write: 1 },
  audit: { read: 1, write: 1 },
  connection: { read: 1, write: 1 },
  chat: { read: 1, write: 1 },
} as const satisfies Record<string, Throughput>;

/** A table, or an index as `<table>/<index>`. */
export type Provisioned = keyof typeof FREE_TIER;

/** A table by its logical name. */
export type TableName = Exclude<Provisioned, `${string}/${string}`>;

/** The indexes of one table. */
export type IndexName<T extends TableName> = Extract<Provisioned, `${T}/${string}`> extends `${T}/${infer I}` ? I : never;
