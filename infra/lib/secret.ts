import { Fn } from 'aws-cdk-lib';
import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { RustFunction } from './rust-function.ts';

export interface ShopSecretProps {
  readonly description: string;
  /** The use of the secret; a bearer token when left out. */
  readonly use?: 'bearer' | 'webhooks';
}

/**
 * Letters and digits only: a bearer token is sent unescaped, and 48 such characters are also Base64
 * of 36 bytes.
 */
const RANDOM = { passwordLength: 48, excludePunctuation: true } as const;

/**
 * A secret that CloudFormation generates.
 *
 * Functions receive its ARN, never the secret itself, which would be visible in their
 * configuration. To share one with another party, store theirs instead
 * (`aws secretsmanager put-secret-value`); a deployment does not overwrite it.
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
   * A secret in the format of Standard Webhooks: `whsec_` and Base64. CloudFormation cannot prefix
   * a generated value, so the key is a secret of its own, which no function reads.
   */
  private webhookSecret(description: string): string {
    const key = new CfnSecret(this, 'Key', {
      description: `The random part of: ${description}`,
      generateSecretString: RANDOM,
    });
    return Fn.join('', ['whsec_{{resolve:secretsmanager:', key.attrId, ':SecretString}}']);
  }

  /** Lets a function read the secret. */
  showTo(reader: RustFunction): void {
    reader.allow(this.arn, 'secretsmanager:GetSecretValue');
  }
}
