/**
 * Runs all tests of this folder in one process, so that they share loaded modules and templates.
 *
 *     npm test [part of a file's name]
 */

import { readdirSync } from 'node:fs';

const folder = new URL('./', import.meta.url);
for (const file of readdirSync(folder)) {
  if (file.endsWith('.test.ts') && file.includes(process.argv[2] ?? '')) await import(new URL(file, folder).href);
}
