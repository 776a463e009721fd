import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePolicies } from '../../policy/compile.ts';
import type { CompiledPolicy } from '../../policy/compiled-policy.ts';
import { decide } from '../../policy/decide.ts';
import { decideNaive } from '../../policy/decide-naive.ts';
import type { RequestFacts } from '../../model/request-facts.ts';
import { policyObjects, requestFacts } from '../support/policy-pairs.ts';
import { recordMeasurement } from '../support/measurement.ts';
import { cart, config } from '../support/policies.ts';

/** 1,000,000 when a version is closed. */
const PAIRS = Number(process.env['GREENROOM_PAIRS'] ?? 20_000);
const SEED = Number(process.env['GREENROOM_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const REQUESTS_A_POLICY = 20;

interface Tally {
  pairs: number;
  reasons: Map<string, number>;
}

function compare(policy: CompiledPolicy, facts: RequestFacts, tally: Tally): void {
  const indexed = decide(policy, facts);
  const naive = decideNaive(policy, facts);
  tally.pairs += 1;
  tally.reasons.set(naive.reason, (tally.reasons.get(naive.reason) ?? 0) + 1);
  if (indexed.matched !== naive.matched || indexed.details !== naive.details) {
    expect(indexed).toEqual(naive);
  }
}

describe('the indexed and the naive evaluation', () => {
  it(`give the same decision, rule included, on ${PAIRS} pairs (seed ${SEED})`, {
    timeout: 60_000 + PAIRS * 2,
  }, () => {
    const tally: Tally = { pairs: 0, reasons: new Map() };
    fc.assert(
      fc.property(
        policyObjects,
        fc.constantFrom('http', 'http', 'http', 'tcp'),
        fc.array(requestFacts, { minLength: REQUESTS_A_POLICY, maxLength: REQUESTS_A_POLICY }),
        (objects, protocol, requests) => {
          const compiled = compilePolicies(
            objects,
            cart,
            { port: 8080, protocol },
            {
              ...config,
              trustDomainAliases: ['old.example'],
            },
          );
          // A template that Envoy refuses makes the whole policy deny: what is left of its rules is compared all the same.
          const policy = { ...compiled, invalid: null };
          for (const facts of requests) compare(policy, facts, tally);
        },
      ),
      { seed: SEED, numRuns: Math.ceil(PAIRS / REQUESTS_A_POLICY), verbose: 1 },
    );
    expect(tally.pairs).toBeGreaterThanOrEqual(PAIRS);
    // A comparison in which one answer is rare would say little.
    for (const reason of ['deny-matched', 'allow-matched', 'no-allow-matched', 'no-allow-policy']) {
      expect(tally.reasons.get(reason) ?? 0, reason).toBeGreaterThan(tally.pairs / 50);
    }
    const command = `GREENROOM_MEASURE=1 GREENROOM_PAIRS=${PAIRS} GREENROOM_SEED=${SEED} npx vitest run test/policy/decide-naive.test.ts`;
    const reasons = Object.fromEntries([...tally.reasons].toSorted());
    recordMeasurement('policy-pairs', command, { seed: SEED, pairs: tally.pairs, different: 0, reasons });
  });
});
