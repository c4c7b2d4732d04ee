import { Fn } from 'aws-cdk-lib';
import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { RustFunction } from './rust-function.ts';

export interface ShopSecretProps {
  readonly description: string;
  /** What the secret is for; a bearer token when left out. */
  readonly use?: 'bearer' | 'webhooks';
}

/** Letters and digits only: a bearer token is sent as it is, and without punctuation it is Base64 of 36 bytes as well. */
const RANDOM = { passwordLength: 48, excludePunctuation: true } as const;

/**
 * A secret that CloudFormation makes up, and nobody has to see.
 *
 * Functions get its ARN, never the secret itself, which would stand in their configuration. To share one with somebody
 * else, put theirs in its place (`aws secretsmanager put-secret-value`), and deploy nothing: a deployment leaves it alone.
 */
export class ShopSecret extends Construct {
  readonly arn: string;

  constructor(scope: Construct, id: string, { description, use = 'bearer' }: ShopSecretProps) {
    super(scope, id);
    const secret = new CfnSecret(this, 'Secret', {
      description,
      ...(use === 'bearer' ? { generateSecretString: RANDOM } : { secretString: this.webhookSecret(description) }),
    });
    this.arn = secret.attrId;
  }

  /**
   * A secret as Standard Webhooks has it: `whsec_` and Base64. CloudFormation puts nothing before what it makes up, so the
   * key is a secret of its own, which no function reads.
   */
  private webhookSecret(description: string): string {
    const key = new CfnSecret(this, 'Key', {
      description: `The random part of: ${description}`,
      generateSecretString: RANDOM,
    });
    return Fn.join('', ['whsec_{{resolve:secretsmanager:', key.attrId, ':SecretString}}']);
  }

  /** Lets a function read it, and nothing else. */
  showTo(reader: RustFunction): void {
    reader.allow(this.arn, 'secretsmanager:GetSecretValue');
  }
}
