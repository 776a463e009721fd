import { defineConfig } from 'vitest/config';

const suites = {
  docker: 'test/docker/**/*.test.ts',
  e2e: 'test/e2e/**/*.test.ts',
  crash: 'test/crash/**/*.test.ts',
  load: 'test/load/**/*.test.ts',
  desktop: 'test/desktop/**/*.test.ts',
  equality: 'test/equality/**/*.test.ts',
  package: 'test/package/**/*.test.ts',
};
const suite = process.env['GREENROOM_SUITE'] as keyof typeof suites | undefined;

/** One runner for every suite; those that need more than Node live in folders of their own. */
export default defineConfig({
  test: {
    include: suite ? [suites[suite]] : ['test/**/*.test.ts'],
    exclude: ['**/node_modules/**', ...(suite ? [] : Object.values(suites))],
    setupFiles: ['test/support/leaks.ts'],
    pool: 'forks',
    testTimeout: suite === 'e2e' ? 90_000 : 30_000,
    hookTimeout: 60_000,
    fileParallelism: suite === undefined,
  },
});
