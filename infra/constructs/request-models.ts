import { type JsonSchema, JsonSchemaType } from 'aws-cdk-lib/aws-apigateway';
import { DOCUMENT_NAME, type OpenApi, type Schema } from './openapi.ts';

/**
 * The gateway's check of a request body: the bounds on size in its OpenAPI schema, against hostile
 * input.
 *
 * Everything else is left to the functions, whose error names each invalid field; the gateway's
 * only says that there is one. So each bound has room for mistakes, which the functions answer.
 */

/** A text this many times too long is not a mistake. */
const ROOM = 10;

/**
 * The model of an operation's body, in the gateway's JSON Schema draft 4 without references; none
 * if it has no body.
 */
export function requestModel(document: OpenApi, verb: string, path: string): JsonSchema | undefined {
  const content = document.paths[path]?.[verb.toLowerCase()]?.requestBody?.content ?? {};
  const schema = Object.entries(content).find(([mediaType]) => /[/+]json$/.test(mediaType))?.[1].schema;
  if (schema === undefined) return undefined;
  const schemas = document.components?.schemas ?? {};
  const type = resolve(schema, schemas, []).schema.type;
  return { ...(type === 'object' ? { type: JsonSchemaType.OBJECT } : {}), ...bounds(schema, schemas, []) };
}

type Schemas = Readonly<Record<string, Schema>>;

/**
 * The bounds in a schema and its children; empty where there are none. `within` are the references
 * already followed.
 */
function bounds(referring: Schema, schemas: Schemas, within: readonly string[]): JsonSchema {
  const { schema, path } = resolve(referring, schemas, within);
  const below = (child: Schema) => bounds(child, schemas, path);
  const { maxLength, maxItems, items, properties = {}, allOf = [] } = schema;

  const bounded = Object.entries(properties).map(([name, child]) => [name, below(child)] as const).filter(([, child]) => binds(child));
  const all = [...allOf.map(below), eitherOf(schema.anyOf, below), eitherOf(schema.oneOf, below)].filter(binds);
  const each = items === undefined ? {} : below(items);
  return {
    ...(maxLength === undefined ? {} : { maxLength: ROOM * maxLength }),
    ...(maxItems === undefined ? {} : { maxItems: ROOM * maxItems }),
    ...(binds(each) ? { items: each } : {}),
    ...(bounded.length === 0 ? {} : { properties: Object.fromEntries(bounded) }),
    ...(all.length === 0 ? {} : { allOf: all }),
  };
}

/**
 * Bounds of a choice: those of its only branch, or any of several. `null` marks an optional value
 * and does not count.
 */
function eitherOf(branches: readonly Schema[] = [], below: (branch: Schema) => JsonSchema): JsonSchema {
  const choices = branches.filter(({ type }) => type !== 'null').map(below);
  if (choices.length === 1) return choices[0]!;
  // A branch without bounds accepts everything.
  return choices.length > 0 && choices.every(binds) ? { anyOf: choices } : {};
}

function binds(schema: JsonSchema): boolean {
  return Object.keys(schema).length > 0;
}

/** The schema behind a reference. A recursive one could nest without end, and is followed once. */
function resolve(schema: Schema, schemas: Schemas, within: readonly string[]): { schema: Schema; path: readonly string[] } {
  const { $ref: reference } = schema;
  if (reference === undefined) return { schema, path: within };
  if (within.includes(reference)) return { schema: {}, path: within };
  const name = /^#\/components\/schemas\/([^/]+)$/.exec(reference)?.[1];
  const target = name === undefined ? undefined : schemas[name];
  if (target === undefined) throw new Error(`${DOCUMENT_NAME}: There is no schema ${reference}.`);
  return resolve(target, schemas, [...within, reference]);
}
