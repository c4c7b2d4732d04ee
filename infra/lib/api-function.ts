import type { Construct } from 'constructs';
import { RustFunction, type RustFunctionProps } from './rust-function.ts';

export interface ApiFunctionProps extends RustFunctionProps {
  /** Id of the app client whose tokens are accepted. */
  readonly tokenClient: string;
}

/**
 * A function that answers signed-in users over HTTP. Its name connects it to its routes: the public
 * API takes them from `docs/openapi.json`.
 */
export class ApiFunction extends RustFunction {
  constructor(scope: Construct, id: string, { tokenClient, ...props }: ApiFunctionProps) {
    super(scope, id, {
      ...props,
      environment: {
        ALLOWED_ORIGINS: props.settings.allowedOrigins.join(','),
        // The gateway accepts tokens of every client of the user pool, so functions check the client.
        TOKEN_CLIENTS: tokenClient,
        ...props.environment,
      },
    });
  }
}
