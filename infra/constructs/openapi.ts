/**
 * The OpenAPI 3.1 document of the API, as far as the gateway is made from it. Tests generate it
 * from the services' own descriptions (`tests/contract`).
 */

import { readFileSync } from 'node:fs';

/** Members that are absent here may be present in the file; `routesOf` checks those that it needs. */
export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation | undefined>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

/** One method of a path. */
export interface Operation {
  readonly tags?: readonly string[];
  /** Alternatives, each with the schemes that it combines. */
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly requestBody?: { readonly content: Content };
  readonly responses?: Readonly<Record<string, { readonly content?: Content }>>;
  readonly 'x-rate-limit-class'?: string;
}

/** Bodies by media type. */
export type Content = Readonly<Record<string, { readonly schema?: Schema; readonly example?: unknown }>>;

/** A JSON Schema; keywords not listed here are dropped. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}

/** The file's name in error messages. */
export const DOCUMENT_NAME = 'docs/openapi.json';

export function readDocument(): OpenApi {
  return JSON.parse(readFileSync(new URL(`../../${DOCUMENT_NAME}`, import.meta.url), 'utf8')) as OpenApi;
}
