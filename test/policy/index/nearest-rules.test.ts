import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { failedClauses, type TriedRule, tryRule } from '../../../policy/clause-trail.ts';
import { compilePolicies } from '../../../policy/compile.ts';
import type { CompiledRule } from '../../../policy/compiled-policy.ts';
import { decide } from '../../../policy/decide.ts';
import { explain } from '../../../policy/explain.ts';
import { MOST_TOLD, rulesToTell } from '../../../policy/index/nearest-rules.ts';
import { policyObjects, requestFacts } from '../../support/policy-pairs.ts';
import { authorization, cart, compiled, config, request } from '../../support/policies.ts';
import { runs } from '../../support/runs.ts';

const SEED = Number(process.env['GREENROOM_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

function rules(count: number, last: string): string {
  const others = Array.from(
    { length: count - 1 },
    (_, index) => `{ to: [{ operation: { methods: [POST], paths: [/p${index}] } }] }`,
  );
  return authorization(`rules: [${[...others, last].join(', ')}]`);
}

/** How far a rule is by trying it; what Istio leaves out is furthest. */
function distance(tried: TriedRule): number {
  return tried.rule.dropped === null ? failedClauses(tried) : Number.POSITIVE_INFINITY;
}

describe('an explanation among many rules', () => {
  it('tells of every rule while they are few', () => {
    const policy = compiled(rules(MOST_TOLD, '{}'));
    expect(rulesToTell(policy.allow, request()).left).toBe(0);
  });

  it('tells the nearest of 300 in Envoy’s order, and how many are left out', () => {
    const policy = compiled(rules(300, '{ to: [{ operation: { methods: [GET], paths: [/orders] } }] }'));
    const facts = request({ path: '/Orders' });
    const decision = decide(policy, facts);
    const { sentence, nearest, trail } = explain(policy, facts, decision);
    expect(sentence).toBe(
      'No ALLOW policy lets sa/web in. It would pass at path /orders; method already matches p.',
    );
    expect(nearest?.ref.rule).toBe(299);
    const allow = trail.find(({ phase }) => phase === 'allow');
    expect(allow?.rules).toHaveLength(MOST_TOLD);
    expect(allow?.note).toBe(`0 of 1 policy matched; ${300 - MOST_TOLD} more rules, none of them nearer`);
  });

  it('has the rule that decided in it, though as many match as are told', () => {
    const many = Array.from(
      { length: 200 },
      () => '{ to: [{ operation: { methods: [GET], paths: ["*"] } }] }',
    );
    const policy = compiled(authorization(`rules: [{}, ${many.join(', ')}]`));
    const decision = decide(policy, request());
    const { sentence, trail } = explain(policy, request(), decision);
    expect(decision.matched?.rule).toBe(0);
    expect(sentence).toContain('p[0]');
    expect(trail.find(({ phase }) => phase === 'allow')?.note).toContain('p[0] matches');
  });

  it(`counts failed clauses as trying each rule does (seed ${SEED})`, () => {
    fc.assert(
      fc.property(
        fc.array(policyObjects, { minLength: 6, maxLength: 6 }),
        fc.array(requestFacts, { minLength: 5, maxLength: 5 }),
        (lists, requests) => {
          const compiledPolicy = compilePolicies(
            lists.flat(),
            cart,
            { port: 8080, protocol: 'http' },
            config,
          );
          // Names of policies repeat here; orders tell the rules apart.
          const action = {
            policies: [],
            rules: [...compiledPolicy.deny.rules, ...compiledPolicy.allow.rules],
          };
          for (const facts of requests) {
            const { rules: told, left } = rulesToTell(action, facts);
            const all = action.rules.map((rule) => tryRule(rule, facts));
            const inside = new Set<CompiledRule>(told);
            const furthestTold = Math.max(...all.filter(({ rule }) => inside.has(rule)).map(distance));
            const nearestLeft = Math.min(...all.filter(({ rule }) => !inside.has(rule)).map(distance));
            expect(told.length + left).toBe(action.rules.length);
            expect(furthestTold).toBeLessThanOrEqual(nearestLeft);
            const first = all.find(({ matched }) => matched);
            if (first) expect(inside.has(first.rule)).toBe(true);
          }
        },
      ),
      { seed: SEED, numRuns: runs(100) },
    );
  });
});
