import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { RustFunction } from './rust-function.ts';

export interface ShopSecretProps {
  readonly description: string;
}

/**
 * A secret that CloudFormation makes up, and nobody has to see.
 *
 * Functions get its ARN, never the secret itself, which would stand in their configuration. To share one with somebody
 * else, put theirs in its place (`aws secretsmanager put-secret-value`), and deploy nothing: a deployment leaves it alone.
 */
export class ShopSecret extends Construct {
  readonly arn: string;

  constructor(scope: Construct, id: string, { description }: ShopSecretProps) {
    super(scope, id);
    const secret = new CfnSecret(this, 'Secret', {
      description,
      // Letters and digits: it is sent as a bearer token.
      generateSecretString: { passwordLength: 48, excludePunctuation: true },
    });
    this.arn = secret.attrId;
  }

  /** Lets a function read it, and nothing else. */
  showTo(reader: RustFunction): void {
    reader.allow(this.arn, 'secretsmanager:GetSecretValue');
  }
}
