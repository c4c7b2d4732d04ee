import { type CfnElement, CfnOutput } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { watchRequests } from './constructs/alarms.ts';
import { deployedRoutes, routesOf, withHeads } from './constructs/api-routes.ts';
import { HttpFunction } from './constructs/http-function.ts';
import { DOCUMENT_NAME, readDocument } from './constructs/openapi.ts';
import { HttpApi } from './constructs/http-api.ts';
import type { PublicApi } from './constructs/public-api.ts';
import { RestApi } from './constructs/rest-api.ts';
import { ServiceStack, type StackContext } from './constructs/service-stack.ts';
import { SITE } from './site.ts';

export interface EdgeContext extends StackContext {
  /** The stacks of all services that are deployed. */
  readonly services: readonly ServiceStack[];
}

/**
 * The way in: the public API with the routes of the services that are deployed.
 *
 * It is deployed last, because a method belongs to the stack of its API.
 */
export class Edge extends ServiceStack {
  constructor(scope: Construct, { services, ...context }: EdgeContext) {
    super(scope, 'edge', context);
    const constructs = services.flatMap(({ node }) => node.findAll().filter((construct) => construct instanceof HttpFunction));
    const functions = constructs.map((construct) => ({ name: construct.name, service: ServiceStack.of(construct).service }));
    const routes = withHeads(deployedRoutes(routesOf(readDocument()), functions));
    for (const { name, service } of functions) {
      if (!routes.some((route) => 'function' in route && route.function === name)) {
        throw new Error(`${DOCUMENT_NAME} has no operation that ${name} answers: describe its routes in services/${service}/src/openapi.rs.`);
      }
    }
    const allowedOrigins = [
      ...(services.some(({ service }) => service === SITE) ? [this.valueOf(SITE, 'origin')] : []),
      ...this.settings.allowedOrigins,
    ];
    const props = {
      routes,
      allowedOrigins,
      variables: {
        services: services.map(({ service }) => service).join(','),
        // API Gateway takes no variable without a value.
        ...(allowedOrigins.length > 0 ? { allowedOrigins: allowedOrigins.join(',') } : {}),
      },
    };
    const functionIds = constructs.map(({ node }) => (node.defaultChild as CfnElement).logicalId);
    const api: PublicApi = context.settings.api === 'http'
      ? new HttpApi(this, 'Http', props)
      : new RestApi(this, 'Http', { ...props, functionIds });
    watchRequests(this, api.serverErrors);
    // For the payment sandbox.
    this.provide('api-url', api.url);
    new CfnOutput(this, 'ApiUrl', { value: api.url });
    new CfnOutput(this, 'ApiId', { value: api.id });
    new CfnOutput(this, 'ApiKind', { value: context.settings.api });
  }
}
