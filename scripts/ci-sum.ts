/** Sums CI: the steps' counts from the arguments, the suites' from the runner's JSON files. The last line is the verdict. */
import { readFileSync } from 'node:fs';

interface Suite {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  numFailedTestSuites: number;
  testResults: {
    name: string;
    status: string;
    message: string;
    assertionResults: { status: string; fullName: string; failureMessages: string[] }[];
  }[];
}

const [steps = '0', broken = '0', ...files] = process.argv.slice(2);
let passed = Number(steps);
let failed = Number(broken);
let skipped = 0;
for (const file of files) {
  const suite = JSON.parse(readFileSync(file, 'utf8')) as Suite;
  passed += suite.numPassedTests;
  failed += suite.numFailedTests;
  skipped += suite.numPendingTests + suite.numTodoTests;
  for (const result of suite.testResults) {
    const failures = result.assertionResults.filter((one) => one.status === 'failed');
    for (const failure of failures)
      console.log(
        `FAILED ${result.name}: ${failure.fullName}\n${failure.failureMessages.join('\n').slice(0, 2_000)}`,
      );
    for (const one of result.assertionResults)
      if (one.status === 'skipped' || one.status === 'pending') console.log(`skipped ${one.fullName}`);
    // A file that fails outside of its tests (a hook, an import, a leak) is a failure of its own.
    if (result.status === 'failed' && failures.length === 0) {
      failed += 1;
      console.log(`FAILED ${result.name}: ${result.message.slice(0, 2_000)}`);
    }
  }
}
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
