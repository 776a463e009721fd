/** The test runner's configuration for a mutation run: instrumented sources, one process, files in the job's order. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import type { Job } from './job.ts';

const job = JSON.parse(readFileSync(process.env['GREENROOM_MUTATION'] ?? '', 'utf8')) as Job;
const instrumented = JSON.parse(readFileSync(job.instrumented, 'utf8')) as Record<string, string>;
const tests = job.mode === 'fresh' ? [fileURLToPath(new URL('fresh.test.ts', import.meta.url))] : job.tests;

/** The job's order: quick tests first, so that the slow ones meet few mutants. */
class JobOrder extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = (file: TestSpecification): number => tests.indexOf(file.moduleId);
    return Promise.resolve(files.toSorted((a, b) => place(a) - place(b)));
  }
}

export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  plugins: [
    {
      name: 'greenroom-mutants',
      enforce: 'pre',
      transform: (_code, id) => instrumented[id.replace(/\?.*$/, '')],
    },
  ],
  test: {
    include: tests,
    exclude: [],
    runner: fileURLToPath(new URL('test-runner.ts', import.meta.url)),
    sequence: { sequencer: JobOrder },
    pool: 'forks',
    isolate: false,
    // The instrumented text of a file is another one in each share.
    fsModuleCache: false,
    maxWorkers: 1,
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 600_000,
    reporters: [['default', { summary: false }]],
    silent: true,
  },
});
