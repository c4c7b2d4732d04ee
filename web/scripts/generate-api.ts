// Writes src/shared/api-schema.ts, the types of the API's client, from docs/openapi.json.
// `--check` writes nothing, and fails if the file is out of date.
import { readFileSync, writeFileSync } from 'node:fs';
import openapiTS, { astToString } from 'openapi-typescript';
import ts from 'typescript';

const source = new URL('../../docs/openapi.json', import.meta.url);
const target = new URL('../src/shared/api-schema.ts', import.meta.url);

const decimal = ts.factory.createTypeReferenceNode('Decimal');
const NULL = ts.factory.createLiteralTypeNode(ts.factory.createNull());
const types = astToString(
  await openapiTS(source, {
    // Amounts of money are the document's only numbers that are no integers.
    transform: (schema) => {
      const kinds: readonly string[] = [schema.type ?? []].flat();
      if (!kinds.includes('number')) return undefined;
      return kinds.includes('null') ? ts.factory.createUnionTypeNode([decimal, NULL]) : decimal;
    },
  }),
);

/** The names of the properties with a type, anywhere in the document. */
function namesOf(type: string, node: unknown, found = new Set<string>()): Set<string> {
  if (typeof node !== 'object' || node === null) return found;
  for (const [name, value] of Object.entries(node)) {
    if (value !== null && typeof value === 'object' && 'type' in value && [value.type].flat().includes(type))
      found.add(name);
    namesOf(type, value, found);
  }
  return found;
}

const document: unknown = JSON.parse(readFileSync(source, 'utf8'));
const decimals = namesOf('number', document);
const integers = namesOf('integer', document);
const both = [...decimals].filter((name) => integers.has(name));
if (both.length > 0) throw new Error(`Both an amount and an integer: ${both.join(', ')}`);

const file = `// Generated from docs/openapi.json by \`npm run api\`. Do not edit.
import type { Decimal } from './money.ts';

/** The names of the fields that are amounts of money. */
export const DECIMAL_FIELDS: ReadonlySet<string> = new Set(${JSON.stringify([...decimals].sort())});

${types}`;

if (!process.argv.includes('--check')) {
  writeFileSync(target, file);
} else if (readFileSync(target, 'utf8') !== file) {
  console.error('src/shared/api-schema.ts is out of date: run `npm run api -w web`.');
  process.exitCode = 1;
}
