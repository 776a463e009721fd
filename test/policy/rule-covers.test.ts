/** One rule covers another only where that is certain. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesRule } from '../../policy/match.ts';
import type { ValueMatch } from '../../policy/compiled-policy.ts';
import { blocksOverlap, coveredBy, ruleCovers, valueCovers } from '../../policy/rule-covers.ts';
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
    ['a claim by another', claim('a'), claim('b')],
    ['a claim by one within it', claim('a'), claim('a][b')],
    [
      'one alternative of two',
      to({ paths: ['/a'] }),
      { to: [{ operation: { paths: ['/a'] } }, { operation: { paths: ['/b'] } }] },
    ],
    ['one of two clauses', to({ paths: ['/a'], methods: ['GET'] }), to({ paths: ['/a'] })],
    ['anything by one condition of two', { when: [...when('x-a').when, ...when('x-b').when] }, when('x-a')],
    ['a value that is excluded', to({ notMethods: ['GET'] }), to({ methods: ['GET'] })],
    ['a value that a pattern excludes', to({ notMethods: ['G*'] }), to({ methods: ['GET'] })],
    ['one of two values that is excluded', to({ notMethods: ['GET'] }), to({ methods: ['POST', 'GET'] })],
    ['a pattern beside what is excluded', to({ notMethods: ['POST'] }), to({ methods: ['G*'] })],
    ['a header of several values by an exclusion', when('x-a', { notValues: ['w'] }), when('x-a')],
    ['a port beside another, as far as it can be told', to({ notPorts: ['81'] }), to({ ports: ['80'] })],
    ['everything by a source', from({ principals: ['*'] }), {}],
  ])('%s', (_what, wide, narrow) => {
    expect(covers(wide, narrow)).toBe(false);
  });
});

function when(header: string, values: object = { values: ['v'] }) {
  return { when: [{ key: `request.headers[${header}]`, ...values }] };
}

function claim(name: string) {
  return { when: [{ key: `request.auth.claims[${name}]`, values: ['v'] }] };
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
      'values beside a pattern that is excluded',
      to({ notMethods: ['P*'] }),
      to({ methods: ['GET', 'HEAD'] }),
    ],
    ['a claim by itself', claim('a][b'), claim('a][b')],
    ['conditions by one of them', when('x-a'), { when: [...when('x-b').when, ...when('x-a').when] }],
    ['nothing by nothing', {}, {}],
    [
      'both alternatives by one',
      from({ principals: ['*'] }),
      { from: [{ source: { principals: ['a/ns/b/sa/c'] } }, { source: { principals: ['d*'] } }] },
    ],
  ])('%s', (_what, wide, narrow) => {
    expect(covers(wide, narrow)).toBe(true);
  });
});

describe('what Istio drops', () => {
  it('covers nothing and is covered by nothing, a rule or a clause', () => {
    const { wide, narrow } = rules(to({ paths: ['/a*'] }), to({ paths: ['/a'] }));
    const without = (one: typeof wide) => ({
      ...one,
      to: one.to.map((clauses) => clauses.map((clause) => ({ ...clause, dropped: 'TCP' }))),
    });
    const dropped = { dropped: 'TCP' };
    expect(ruleCovers(wide, narrow)).toBe(true);
    expect(ruleCovers({ ...wide, ...dropped }, narrow)).toBe(false);
    expect(ruleCovers(wide, { ...narrow, ...dropped })).toBe(false);
    expect(ruleCovers(without(wide), narrow)).toBe(false);
    expect(ruleCovers(wide, without(narrow))).toBe(false);
  });
});

describe('a value', () => {
  const exact = (value: string): ValueMatch => ({ kind: 'exact', value });
  const prefix = (value: string): ValueMatch => ({ kind: 'prefix', value });
  const suffix = (value: string): ValueMatch => ({ kind: 'suffix', value });
  const nonEmpty: ValueMatch = { kind: 'non-empty' };
  const present: ValueMatch = { kind: 'present' };
  const template = (
    ...tokens: ({ kind: 'segment' } | { kind: 'rest' } | { kind: 'text'; text: string })[]
  ): ValueMatch => ({ kind: 'template', tokens });
  const text = (of: string) => ({ kind: 'text' as const, text: of });
  const ip = (bytes: number[], bits: number): ValueMatch => ({ kind: 'ip', block: { bytes, bits } });
  const port = (number: number): ValueMatch => ({ kind: 'port', port: number });

  it.each<[ValueMatch, ValueMatch]>([
    [present, present],
    [present, exact('')],
    [present, ip([10, 0, 0, 0], 8)],
    [nonEmpty, exact('a')],
    [nonEmpty, prefix('a')],
    [nonEmpty, suffix('a')],
    [nonEmpty, nonEmpty],
    [nonEmpty, template(text('/a'))],
    [exact('a'), exact('a')],
    [prefix('a'), exact('ab')],
    [prefix('a'), prefix('a')],
    [prefix('a'), prefix('ab')],
    [suffix('b'), exact('ab')],
    [suffix('b'), suffix('ab')],
    [prefix('/a'), template(text('/ab/'), { kind: 'segment' })],
    [template(text('/a/'), { kind: 'segment' }), template(text('/a/'), { kind: 'segment' })],
    [template(text('/a/'), { kind: 'segment' }), exact('/a/b')],
    [port(80), port(80)],
    [ip([10, 0, 0, 0], 8), ip([10, 1, 0, 0], 16)],
    [ip([10, 0, 0, 0], 8), ip([10, 0, 0, 0], 8)],
  ])('%j has %j in it', (wide, narrow) => {
    expect(valueCovers(wide, narrow)).toBe(true);
  });

  it.each<[ValueMatch, ValueMatch]>([
    [nonEmpty, present],
    [nonEmpty, exact('')],
    [nonEmpty, prefix('')],
    [nonEmpty, suffix('')],
    [exact('a'), prefix('a')],
    [exact('a'), suffix('a')],
    [exact('a'), nonEmpty],
    [prefix('ab'), prefix('a')],
    [prefix('a'), suffix('a')],
    [suffix('a'), prefix('a')],
    [suffix('ab'), suffix('b')],
    [prefix('/abc'), template(text('/ab/'), { kind: 'segment' })],
    [prefix('/a'), template({ kind: 'segment' }, text('/a'))],
    [suffix('/b'), template(text('/a/b'))],
    [template(text('/a/'), { kind: 'segment' }), template(text('/a/'), { kind: 'rest' })],
    [template(text('/a/'), { kind: 'segment' }), prefix('/a/')],
    [port(80), port(81)],
    [port(80), exact('80')],
    [ip([10, 1, 0, 0], 16), ip([10, 0, 0, 0], 8)],
    [ip([11, 0, 0, 0], 8), ip([10, 1, 0, 0], 16)],
    [ip([10, 0, 0, 0], 8), exact('10.0.0.1')],
    [exact('10.0.0.1'), ip([10, 0, 0, 1], 32)],
  ])('%j has %j not', (wide, narrow) => {
    expect(valueCovers(wide, narrow)).toBe(false);
  });

  it('is covered by any of several, all of several by some', () => {
    expect(coveredBy([exact('a'), exact('b')], [exact('b'), prefix('a')])).toBe(true);
    expect(coveredBy([exact('a'), exact('c')], [exact('b'), prefix('a')])).toBe(false);
    expect([coveredBy([], []), coveredBy([], [present]), coveredBy([exact('a')], [])]).toEqual([
      true,
      true,
      false,
    ]);
  });
});

describe('two blocks of addresses', () => {
  it.each([
    [[10, 0, 0, 0], 8, [10, 255, 0, 0], 16, true],
    [[10, 0, 0, 0], 8, [11, 0, 0, 0], 8, false],
    [[10, 0, 0, 0], 7, [11, 0, 0, 0], 8, true],
    [[10, 1, 128, 0], 17, [10, 1, 0, 0], 16, true],
    [[10, 1, 128, 0], 17, [10, 1, 0, 0], 17, false],
    [[10, 1, 2, 3], 32, [10, 1, 2, 3], 32, true],
    [[10, 1, 2, 3], 32, [10, 1, 2, 2], 32, false],
    [[10, 1, 2, 3], 31, [10, 1, 2, 2], 32, true],
    [[0, 0, 0, 0], 0, [255, 1, 2, 3], 32, true],
    [[0, 0, 0, 0], 0, Array.from({ length: 16 }, () => 0), 0, false],
  ])('%j/%d and %j/%d have one in common: %s', (bytes, bits, others, otherBits, wanted) => {
    expect(blocksOverlap({ bytes, bits }, { bytes: others, bits: otherBits })).toBe(wanted);
    expect(blocksOverlap({ bytes: others, bits: otherBits }, { bytes, bits })).toBe(wanted);
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
