import { describe, expect, it } from 'vitest';
import { chooseTests, testsThatLoad } from '../../../scripts/mutation/choose-tests.ts';
import { repository } from '../../support/greenroom.ts';

describe('the tests that a mutant faces', () => {
  const tests = chooseTests(repository, ['wire/ip-block.ts']);

  it('never play what lies outside of the repository', () => {
    expect(tests).not.toContain('test/policy/decision-suites.test.ts');
  });

  it('begin with those of its own file, and end with the recorded verdicts', () => {
    expect(tests[0]).toBe('test/wire/ip-block.test.ts');
    expect(tests.at(-1)).toBe('test/policy/corpus-subset.test.ts');
  });

  it('are all whose imports lead to its file, when it changes what loading computes', () => {
    const loads = testsThatLoad(repository, tests);
    expect(loads.get('wire/ip-block.ts')).toContain('test/policy/corpus-subset.test.ts');
    expect(loads.get('wire/ip-block.ts')).not.toContain('test/wire/client-hello.test.ts');
  });

  it('but not those that import its types alone, and so load nothing of it', () => {
    const loads = testsThatLoad(repository, ['test/wire/x509-extensions.test.ts']);
    expect(loads.get('wire/x509-extensions.ts')).toEqual(['test/wire/x509-extensions.test.ts']);
    expect(loads.has('policy/routes/regex-classes.ts')).toBe(false);
  });
});
