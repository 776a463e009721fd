/** One rule covers another only where that is certain. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesRule } from '../../policy/match.ts';
import { ruleCovers } from '../../policy/rule-covers.ts';
import { authorization, compiled, request } from '../support/policies.ts';
import { runs } from '../support/runs.ts';

/** Two rules of one policy. */
function rules(wide: object, narrow: object) {
  const policy = compiled(authorization(`action: ALLOW\nrules: ${JSON.stringify([wide, narrow])}`));
  const [first, second] = policy.allow.rules;
  if (!first || !second) throw new Error('two rules');
  return { wide: first, narrow: second };
}

function covers(wide: object, narrow: object): boolean {
  const both = rules(wide, narrow);
  return ruleCovers(both.wide, both.narrow);
}

const to = (operation: object) => ({ to: [{ operation }] });
const from = (source: object) => ({ from: [{ source }] });

describe('what is not covered', () => {
  it.each([
    ['a narrower path', to({ paths: ['/a'] }), to({ paths: ['/a*'] })],
    ['another attribute', to({ methods: ['GET'] }), to({ paths: ['/a'] })],
    ['anybody by somebody', from({ principals: ['*'] }), to({ paths: ['/a'] })],
    ['a wanted value by its exclusion', to({ notPaths: ['/a'] }), to({ paths: ['/a*'] })],
    ['an exclusion by a wanted value', to({ paths: ['/a*'] }), to({ notPaths: ['/b'] })],
    ['a smaller exclusion', to({ notPaths: ['/a', '/b'] }), to({ notPaths: ['/a'] })],
    ['IPv6 by all of IPv4', from({ ipBlocks: ['0.0.0.0/0'] }), from({ ipBlocks: ['::1'] })],
    ['a header by another', when('x-a'), when('x-b')],
  ])('%s', (_what, wide, narrow) => {
    expect(covers(wide, narrow)).toBe(false);
  });
});

function when(header: string) {
  return { when: [{ key: `request.headers[${header}]`, values: ['v'] }] };
}

describe('what is covered', () => {
  it.each([
    ['everything by a rule without clauses', {}, to({ paths: ['/a'] })],
    ['a path by its prefix', to({ paths: ['/a/*'] }), to({ paths: ['/a/b'], methods: ['GET'] })],
    ['a template by the prefix before it', to({ paths: ['/a/*'] }), to({ paths: ['/a/{*}/c'] })],
    ['a block by a larger one', from({ ipBlocks: ['10.0.0.0/8'] }), from({ ipBlocks: ['10.1.2.0/23'] })],
    ['a larger exclusion', to({ notPaths: ['/a'] }), to({ notPaths: ['/a', '/b'] })],
    ['a value beside what is excluded', to({ notMethods: ['POST'] }), to({ methods: ['GET'] })],
    [
      'both alternatives by one',
      from({ principals: ['*'] }),
      { from: [{ source: { principals: ['a/ns/b/sa/c'] } }, { source: { principals: ['d*'] } }] },
    ],
  ])('%s', (_what, wide, narrow) => {
    expect(covers(wide, narrow)).toBe(true);
  });
});

const texts = fc.constantFrom('/', '/a', '/a/', '/a/b', '/a/b/c', '/ab', '/b');
const paths = fc.constantFrom('/a', '/a*', '/a/*', '*b', '*', '/a/{*}', '/a/{**}', '/b', '/');
const methods = fc.constantFrom('GET', 'POST', 'G*', '*T', '*');
const list = (values: fc.Arbitrary<string>) => fc.uniqueArray(values, { minLength: 1, maxLength: 2 });
const operation = fc.record(
  { paths: list(paths), notPaths: list(paths), methods: list(methods), notMethods: list(methods) },
  { requiredKeys: [] },
);
const rule = fc
  .array(
    operation.filter((one) => Object.keys(one).length > 0),
    { maxLength: 2 },
  )
  .map((operations) =>
    operations.length === 0 ? {} : { to: operations.map((one) => ({ operation: one })) },
  );

describe('a rule that covers another', () => {
  it('matches every request that the other matches', () => {
    let covered = 0;
    fc.assert(
      fc.property(rule, rule, texts, fc.constantFrom('GET', 'POST', 'PUT'), (one, other, path, method) => {
        const { wide, narrow } = rules(one, other);
        if (!ruleCovers(wide, narrow)) return;
        covered += 1;
        const facts = request({ path, method });
        expect(matchesRule(narrow, facts) && !matchesRule(wide, facts)).toBe(false);
      }),
      { numRuns: runs(1_000) },
    );
    expect(covered).toBeGreaterThan(runs(1_000) / 50);
  });
});
