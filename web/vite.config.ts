import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { localHost } from './scripts/local-host.ts';

export default defineConfig({
  plugins: [react(), localHost()],
  build: {
    target: 'es2023',
    // Nothing is inlined as a `data:` URL, so that the pages need no exception from their policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { storefront: 'index.html', staff: 'staff.html' },
      output: { chunkFileNames: 'assets/shared-[hash].js' },
    },
  },
  server: { host: 'localhost', port: 3000, strictPort: true },
  preview: { host: 'localhost', port: 3000, strictPort: true },
  test: { include: ['test/**/*.test.{ts,tsx}'] },
});
