import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, ProjectionType, Table, TableEncryption, type StreamViewType } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { FREE_TIER, type IndexName, type Provisioned, type TableName } from './capacity.ts';
import { publish } from './outputs.ts';
import type { Encryption, Settings } from './settings.ts';

export interface ShopTableProps<T extends TableName> {
  readonly settings: Settings;
  readonly name: T;
  readonly partitionKey: string;
  readonly sortKey?: string;
  /** Attribute that holds the expiry time in epoch seconds. */
  readonly timeToLive?: string;
  readonly stream?: StreamViewType;
  readonly indexes?: readonly IndexProps<T>[];
}

export interface IndexProps<T extends TableName> {
  readonly name: IndexName<T>;
  readonly partitionKey: string;
  readonly sortKey?: string;
  /** KEYS_ONLY projection: cheap to maintain; items are read from the table. */
  readonly keysOnly?: boolean;
}

/** A DynamoDB table with string keys, billed and retained as the stage's settings say. */
export class ShopTable<T extends TableName> extends Table {
  constructor(scope: Construct, id: string, props: ShopTableProps<T>) {
    const { settings, name, indexes = [] } = props;
    super(scope, id, {
      partitionKey: key(props.partitionKey),
      sortKey: props.sortKey === undefined ? undefined : key(props.sortKey),
      timeToLiveAttribute: props.timeToLive,
      stream: props.stream,
      ...(settings.capacity === 'free-tier'
        ? { billingMode: BillingMode.PROVISIONED, ...throughput(name) }
        : { billingMode: BillingMode.PAY_PER_REQUEST }),
      encryption: ENCRYPTION[settings.encryption],
      removalPolicy: settings.production ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
      deletionProtection: settings.production,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: settings.pointInTimeRecovery },
    });
    for (const index of indexes) {
      this.addGlobalSecondaryIndex({
        indexName: index.name,
        partitionKey: key(index.partitionKey),
        sortKey: index.sortKey === undefined ? undefined : key(index.sortKey),
        projectionType: index.keysOnly ? ProjectionType.KEYS_ONLY : ProjectionType.ALL,
        ...(settings.capacity === 'free-tier' ? throughput(`${name}/${index.name}` as Provisioned) : {}),
      });
    }
    publish(this, 'Table', name, this.tableName);
  }

  /** ARN of one of the table's indexes, for grants that cover the index alone. */
  indexArn(name: IndexName<T>): string {
    return `${this.tableArn}/index/${name}`;
  }
}

/**
 * DynamoDB encrypts every table. `SSEEnabled: false` in the template selects a key that AWS owns,
 * for free.
 */
const ENCRYPTION: Readonly<Record<Encryption, TableEncryption>> = {
  'aws-owned': TableEncryption.DEFAULT,
  'aws-managed': TableEncryption.AWS_MANAGED,
};

function key(name: string) {
  return { name, type: AttributeType.STRING };
}

function throughput(name: Provisioned) {
  const { read, write } = FREE_TIER[name];
  return { readCapacity: read, writeCapacity: write };
}
