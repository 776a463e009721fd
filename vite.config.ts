/**
 * Builds the window's UI into dist/renderer. Everything is a file of its own under a relative base: no inline script,
 * style, font or worker, so that a host can serve it with `default-src 'none'` and one `'self'` a type.
 */
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// Vite takes its configuration as a default export.
// oxlint-disable-next-line import/no-default-export
export default defineConfig({
  root: 'renderer',
  base: './',
  plugins: [react()],
  // Its package.json names a module that it doesn't hold.
  resolve: { alias: { '@xterm/headless': '@xterm/headless/lib-headless/xterm-headless.mjs' } },
  build: {
    outDir: '../dist/renderer',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 2_000,
    target: 'es2024',
  },
});
