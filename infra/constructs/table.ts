import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, ProjectionType, Table, TableEncryption, type StreamViewType } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import type { Encryption } from '../settings.ts';
import { acknowledge } from './acknowledge.ts';
import { publish } from './outputs.ts';
import { ServiceStack } from './service-stack.ts';

export interface ShopTableProps<I extends string> {
  /** Name in outputs and tools. */
  readonly name: string;
  readonly partitionKey: string;
  readonly sortKey?: string;
  /** Attribute that holds the expiry time in epoch seconds. */
  readonly timeToLive?: string;
  readonly stream?: StreamViewType;
  readonly indexes?: readonly IndexProps<I>[];
}

export interface IndexProps<I extends string> {
  readonly name: I;
  readonly partitionKey: string;
  readonly sortKey?: string;
  /** KEYS_ONLY projection: cheap to maintain; items are read from the table. */
  readonly keysOnly?: boolean;
}

/**
 * A DynamoDB table with string keys. It is paid per request, so it costs nothing while idle and
 * does not throttle; it is retained as the stage's settings say.
 */
export class ShopTable<I extends string = never> extends Table {
  constructor(scope: Construct, id: string, props: ShopTableProps<I>) {
    const { settings } = ServiceStack.of(scope);
    super(scope, id, {
      partitionKey: key(props.partitionKey),
      sortKey: props.sortKey === undefined ? undefined : key(props.sortKey),
      timeToLiveAttribute: props.timeToLive,
      stream: props.stream,
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: ENCRYPTION[settings.encryption],
      removalPolicy: settings.production ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
      deletionProtection: settings.production,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: settings.pointInTimeRecovery },
    });
    for (const index of props.indexes ?? []) {
      this.addGlobalSecondaryIndex({
        indexName: index.name,
        partitionKey: key(index.partitionKey),
        sortKey: index.sortKey === undefined ? undefined : key(index.sortKey),
        projectionType: index.keysOnly ? ProjectionType.KEYS_ONLY : ProjectionType.ALL,
      });
    }
    if (!settings.pointInTimeRecovery) {
      acknowledge(this, 'DDB3', 'It is paid by the gigabyte: the setting pointInTimeRecovery decides, which production stages have.');
    }
    publish(this, 'Table', props.name, this.tableName);
  }

  /** ARN of one of the table's indexes, for grants that cover the index alone. */
  indexArn(name: I): string {
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
