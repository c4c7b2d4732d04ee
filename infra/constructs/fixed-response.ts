import { type MethodOptions, MockIntegration, PassthroughBehavior } from 'aws-cdk-lib/aws-apigateway';
import { commonHeaders, type Headers } from './gateway-responses.ts';

/** A response that the gateway sends without a function. */
export interface FixedResponse {
  readonly status: number;
  /** A template of the gateway's mapping language, such as JSON text. */
  readonly body: string;
  /** Headers beyond the common ones. */
  readonly headers: Headers;
}

/** The integration and the options of a method that always sends this response. */
export function fixedResponse(
  { status, body, headers }: FixedResponse, allowedOrigins: readonly string[],
): { readonly integration: MockIntegration; readonly options: MethodOptions } {
  const statusCode = String(status);
  const parameters = Object.entries({ ...headers, ...commonHeaders(allowedOrigins) })
    .map(([name, value]) => [`method.response.header.${name}`, value] as const);
  return {
    integration: new MockIntegration({
      // A mock integration only handles requests that its template covers.
      passthroughBehavior: PassthroughBehavior.NEVER,
      requestTemplates: { 'application/json': `{"statusCode": ${statusCode}}` },
      integrationResponses: [{
        statusCode,
        responseParameters: Object.fromEntries(parameters),
        responseTemplates: { 'application/json': body },
      }],
    }),
    options: {
      methodResponses: [{
        statusCode,
        responseParameters: Object.fromEntries(parameters.map(([name]) => [name, true])),
      }],
    },
  };
}
