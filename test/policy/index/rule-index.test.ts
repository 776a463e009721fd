import { describe, expect, it } from 'vitest';
import type { RequestFacts } from '../../../model/request-facts.ts';
import type { PolicyObject } from '../../../model/policy-object.ts';
import { compilePolicies } from '../../../policy/compile.ts';
import { preparePolicy } from '../../../policy/index/first-match.ts';
import { RequestValues } from '../../../policy/index/request-values.ts';
import { RuleIndex } from '../../../policy/index/rule-index.ts';
import { cart, config, request } from '../../support/policies.ts';
import { runs } from '../../support/runs.ts';

const MANY = runs(10_000);
const ONE = runs(4_711);

/** One policy of all these rules, past the schema. */
function indexOf(rules: readonly object[]): RuleIndex {
  const object: PolicyObject = {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: 'p', namespace: 'shop', annotations: {}, labels: {} },
    spec: { action: 'ALLOW', rules },
    at: { file: 'p.yaml', line: 1, column: 1 },
    positions: {},
  };
  return new RuleIndex(compilePolicies([object], cart, { port: 8080, protocol: 'http' }, config).allow.rules);
}

function many(rule: (index: number) => object): object[] {
  return Array.from({ length: MANY }, (_, index) => rule(index));
}

/** Index of the rule that matched, and how many were tried in full. */
function ask(index: RuleIndex, facts: RequestFacts): { rule: number | null; tried: number } {
  const values = new RequestValues(facts);
  const rule = index.first(values)?.ref.rule ?? null;
  return { rule, tried: values.rulesTried };
}

const to = (operation: object): object[] => [{ operation }];
const from = (source: object): object[] => [{ source }];
const web = { principals: ['cluster.local/ns/shop/sa/web'] };

describe('a decision among 10,000 rules tries few of them', () => {
  const cases: [string, (index: number) => object, RequestFacts][] = [
    ['exact paths', (i) => ({ to: to({ paths: [`/s${i}`] }) }), request({ path: `/s${ONE}` })],
    ['path prefixes', (i) => ({ to: to({ paths: [`/s${i}/*`] }) }), request({ path: `/s${ONE}/x` })],
    ['path suffixes', (i) => ({ to: to({ paths: [`*/s${i}`] }) }), request({ path: `/x/s${ONE}` })],
    ['templates', (i) => ({ to: to({ paths: [`/t/{*}/s${i}/{*}`] }) }), request({ path: `/t/1/s${ONE}/2` })],
    ['hosts', (i) => ({ to: to({ hosts: [`S${i}.shop`] }) }), request({ host: `s${ONE}.Shop` })],
    [
      'principals',
      (i) => ({ from: from({ principals: [`cluster.local/ns/shop/sa/c${i}`] }) }),
      request({ principal: `cluster.local/ns/shop/sa/c${ONE}` }),
    ],
    [
      'namespaces',
      (i) => ({ from: from({ namespaces: [`n${i}`] }) }),
      request({ principal: `td/ns/n${ONE}/sa/web` }),
    ],
    [
      'service accounts of one name',
      (i) => ({ from: from({ serviceAccounts: [`n${i}/default`] }) }),
      request({ principal: `td/ns/n${ONE}/sa/default` }),
    ],
    [
      'blocks of addresses',
      (i) => ({ from: from({ ipBlocks: [`10.${i >> 8}.${i & 255}.0/24`] }) }),
      request({ sourceIp: `10.${ONE >> 8}.${ONE & 255}.9` }),
    ],
    [
      'headers of as many names',
      (i) => ({ when: [{ key: `request.headers[x-${i}]`, values: ['*'] }] }),
      request({ headers: [[`x-${ONE}`, '']] }),
    ],
    [
      'a hundred clients at a hundred paths each',
      (i) => ({
        from: from({ principals: [`cluster.local/ns/shop/sa/c${i % 100}`] }),
        to: to({ methods: ['GET'], paths: [`/p${Math.floor(i / 100)}/*`] }),
      }),
      request({ principal: `cluster.local/ns/shop/sa/c${ONE % 100}`, path: `/p${Math.floor(ONE / 100)}/` }),
    ],
    [
      'sources of different kinds',
      (i) => ({
        from: [...from({ namespaces: [`n${i}`] }), ...from({ ipBlocks: [`10.${i >> 8}.${i & 255}.0/24`] })],
      }),
      request({ principal: `td/ns/n${ONE}/sa/web`, sourceIp: '192.168.0.1' }),
    ],
  ];

  it.each(cases)('%s', (_, rule, facts) => {
    const index = indexOf(many(rule));
    const answer = ask(index, facts);
    expect(answer.rule).toBe(ONE);
    expect(answer.tried).toBeLessThanOrEqual(8);
    const missed = ask(index, request({ principal: null, sourceIp: '192.168.0.1', path: '/none' }));
    expect(missed.rule).toBeNull();
    expect(missed.tried).toBeLessThanOrEqual(8);
  });

  it('names the first by the order of Envoy’s names, though a later one is found sooner', () => {
    const rules = many((i) => ({ to: to(i === ONE ? { notPaths: ['/never'] } : { paths: [`/s${i}`] }) }));
    // By name, rule[4711] stands before rule[4712], and after rule[1].
    expect(ask(indexOf(rules), request({ path: `/s${ONE + 1}` })).rule).toBe(ONE);
    expect(ask(indexOf(rules), request({ path: '/s1' })).rule).toBe(1);
  });
});

describe('bad input', () => {
  it('is indexed in work that its size bounds: long lists in many rules', () => {
    const paths = Array.from({ length: 100 }, (_, index) => `/p${index}`);
    const principals = Array.from({ length: 100 }, (_, index) => `cluster.local/ns/shop/sa/c${index}`);
    const rules = Array.from({ length: 200 }, (_, index) => ({
      from: from({ principals }),
      to: to({ paths, hosts: [`h${index % 7}`] }),
    }));
    const index = indexOf(rules);
    expect(index.entries).toBeLessThanOrEqual(9 * 200 * 202);
    expect(
      ask(index, request({ principal: principals[3] ?? '', path: '/p3', host: 'h6' })).rule,
    ).not.toBeNull();
  });

  it('takes values of a megabyte, and patterns that look catastrophic', () => {
    const long = 'a'.repeat(runs(1_000_000));
    const index = indexOf([
      ...Array.from({ length: 20 }, (_, i) => ({ to: to({ paths: [`/${long}${i}*`] }) })),
      { to: to({ paths: [`/${'{*}/'.repeat(runs(200_000))}end`] }) },
      { to: to({ paths: [`/${'a/'.repeat(runs(200_000))}{**}`] }) },
      { when: [{ key: 'request.headers[x-role]', values: [`${'*'.repeat(runs(100_000))}(a+)+$`] }] },
      { from: from({ namespaces: [`${'*a'.repeat(runs(50_000))}`] }) },
      { to: to({ paths: [`/${long}7/x`] }), from: from(web) },
    ]);
    expect(ask(index, request({ path: `/${long}7/x` })).rule).not.toBeNull();
    expect(ask(index, request({ path: `/${'a/'.repeat(runs(200_000) - 1)}b` })).rule).toBeNull();
    expect(ask(index, request({ path: `/${'x/'.repeat(runs(200_000))}end` })).rule).toBe(20);
  });

  it('tries a rule once, however often a header repeats one value', () => {
    const rules = many((i) => ({ when: [{ key: 'request.headers[x-role]', values: [`r${i}`] }] }));
    const headers = Array.from({ length: 1_000 }, (): [string, string] => ['x-role', `r${ONE}`]);
    expect(ask(indexOf(rules), request({ headers }))).toEqual({ rule: ONE, tried: 1 });
  });

  it('never tries what Istio leaves out', () => {
    const rules = Array.from({ length: 9 }, () => ({ to: to({ paths: ['/x'] }) }));
    const object = { spec: { action: 'ALLOW', rules } };
    const policy = compilePolicies(
      [
        {
          apiVersion: 'security.istio.io/v1',
          kind: 'AuthorizationPolicy',
          metadata: { name: 'p', namespace: 'shop', annotations: {}, labels: {} },
          ...object,
          at: { file: 'p.yaml', line: 1, column: 1 },
          positions: {},
        },
      ],
      cart,
      { port: 8080, protocol: 'tcp' },
      config,
    );
    preparePolicy(policy);
    const index = new RuleIndex(policy.allow.rules);
    expect(index.entries).toBe(0);
    expect(ask(index, request({ protocol: 'tcp' }))).toEqual({ rule: null, tried: 0 });
  });
});
