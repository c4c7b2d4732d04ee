import { Function, type IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { RustFunction, type RustFunctionProps } from './rust-function.ts';
import { ServiceStack } from './service-stack.ts';

/**
 * A function that answers HTTP requests. Its name connects it to its routes: the public API takes
 * them from `docs/openapi.json`.
 */
export class HttpFunction extends RustFunction {
  constructor(scope: Construct, id: string, props: RustFunctionProps) {
    super(scope, id, props);
    ServiceStack.of(this).provide(functionArn(props.name), this.functionArn);
  }
}

/** Under this name the stack of an `HttpFunction` provides the function's ARN. */
export function functionArn(name: string): string {
  return `${name}-arn`;
}

/** The function of this name, which the stack of `service` provides, in another stack. */
export function importedFunction(scope: Construct, service: string, name: string): IFunction {
  const known = scope.node.tryFindChild(name) as IFunction | undefined;
  return known ?? Function.fromFunctionAttributes(scope, name, {
    functionArn: ServiceStack.of(scope).valueOf(service, functionArn(name)),
    sameEnvironment: true,
  });
}

/** An `HttpFunction` that answers signed-in users. */
export class ApiFunction extends HttpFunction {
  constructor(scope: Construct, id: string, props: RustFunctionProps) {
    const stack = ServiceStack.of(scope);
    super(scope, id, {
      ...props,
      environment: {
        // The gateway accepts tokens of every client of the user pool, so functions check the client.
        TOKEN_CLIENTS: stack.valueOf('foundation', 'user-pool-client-id'),
        ...props.environment,
      },
    });
  }
}
