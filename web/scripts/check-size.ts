// Fails if the storefront's JavaScript is larger than it may be. Runs after the build.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const MAX_GZIP_BYTES = 150 * 1024;

const dist = new URL('../dist/', import.meta.url);

/** All scripts that a page loads, also those that it loads later. */
function scriptsOf(page: string): Set<string> {
  const found = new Set<string>();
  const read = (path: string): void => {
    const text = readFileSync(new URL(path, dist), 'utf8');
    for (const [, name] of text.matchAll(/["'`](?:\.?\/)?(?:assets\/)?([\w.-]+\.js)["'`]/g)) {
      const script = `assets/${name}`;
      if (found.has(script)) continue;
      found.add(script);
      read(script);
    }
  };
  read(page);
  return found;
}

for (const page of ['index.html', 'staff.html']) {
  let bytes = 0;
  for (const script of scriptsOf(page)) bytes += gzipSync(readFileSync(new URL(script, dist))).length;
  console.log(`${page}: ${(bytes / 1024).toFixed(1)} KB of JavaScript, gzipped`);
  if (bytes === 0) throw new Error(`${page} loads no script`);
  if (page === 'index.html' && bytes > MAX_GZIP_BYTES) {
    console.error(`${page} may have ${MAX_GZIP_BYTES / 1024} KB.`);
    process.exitCode = 1;
  }
}
