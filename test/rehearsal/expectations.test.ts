import { describe, expect, it } from 'vitest';
import type { Decision } from '../../model/decision.ts';
import type { Expect } from '../../model/scenario.ts';
import {
  assertsNothing,
  claimsBlocked,
  compareExpectations,
  needsWitness,
  type Observation,
} from '../../rehearsal/expectations.ts';

const at = { file: 'a.scenario.yaml', line: 1, column: 1 };
const matched = {
  kind: 'AuthorizationPolicy',
  namespace: 'billing',
  name: 'charge',
  action: 'ALLOW',
  rule: 1,
  at,
} as const;
const allowed: Decision = { verdict: 'allow', phase: 'allow', reason: 'allow-matched', matched };
const refused: Decision = { verdict: 'deny', phase: 'mtls', reason: 'unknown-authority', matched: null };
const seen: Observation = {
  answer: {
    kind: 'response',
    response: {
      status: 200,
      headers: [
        ['a', '1'],
        ['a', '2'],
      ],
      body: Buffer.from('hello'),
    },
  },
  decision: allowed,
  findings: [],
  testimony: {
    report: { kind: 'echo', controlSeen: true, arrived: true },
    requests: [{ method: 'GET', path: '/x' }],
  },
  remedy: null,
  references: [],
};
const closed: Observation = {
  ...seen,
  answer: { kind: 'closed', error: 'ECONNRESET' },
  decision: refused,
  testimony: { report: { kind: 'echo', controlSeen: true, arrived: false }, requests: [] },
};

function compare(expected: Expect, observed: Observation) {
  return compareExpectations(expected, observed, (...path) => ({ file: path.join('.'), line: 1, column: 1 }));
}

describe('an expectation that is not met says what it wanted, what it got, and where it stands', () => {
  it.each([
    [{ policy: 'other' }, seen, 'policy', 'billing/charge[1]', 'policy'],
    [{ policy: 'charge[0]' }, seen, 'policy', 'billing/charge[1]', 'policy'],
    [{ policy: 'charge' }, closed, 'policy', 'none', 'policy'],
    [{ tls: { error: 'unknown-authority' } }, seen, 'tls.error', 'none', 'tls.error'],
    [{ tls: { error: 'expired' } }, closed, 'tls.error', 'unknown-authority', 'tls.error'],
    [{ headers: { A: '3' } }, seen, 'headers[A]', '1, 2', 'headers.A'],
    [{ headers: { a: '1' } }, closed, 'headers[a]', 'none', 'headers.a'],
    [{ body: { contains: 'bye' } }, seen, 'body.contains', 'hello', 'body.contains'],
    [{ body: { equals: '' } }, closed, 'body.equals', '', 'body.equals'],
    [{ status: 403 }, closed, 'status', 'connection closed (ECONNRESET)', 'status'],
    [
      { status: 403 },
      { ...seen, answer: { kind: 'malformed', why: 'odd' } },
      'status',
      'a malformed response: odd',
      'status',
    ],
    [{ upstream: 'reached' }, closed, 'upstream', 'untouched', 'upstream'],
    [{ upstreamPath: '/y' }, seen, 'upstreamPath', '/x', 'upstreamPath'],
    [{ upstreamPath: '/x' }, closed, 'upstreamPath', 'nothing arrived', 'upstreamPath'],
    [{ phase: 'deny' }, closed, 'phase', 'mtls', 'phase'],
  ] satisfies [Expect, Observation, string, string, string][])(
    '%j',
    (expected, observed, what, got, place) => {
      expect(compare(expected, observed)).toMatchObject([{ what, got, passed: false, at: { file: place } }]);
    },
  );
});

describe('an expectation that is met', () => {
  it.each(['charge', 'billing/charge', 'charge[1]', 'billing/charge[1]'])(
    'names a policy as %s',
    (policy) => {
      expect(compare({ policy }, seen)).toMatchObject([{ passed: true }]);
    },
  );

  it('finds one of several values of a header, whatever its case', () => {
    expect(compare({ headers: { A: '2' } }, seen)).toMatchObject([{ passed: true }]);
  });

  it('adds to a denial that nothing arrived', () => {
    expect(
      compare({ decision: 'deny', tls: { error: 'unknown-authority' } }, closed).map(({ what, passed }) => [
        what,
        passed,
      ]),
    ).toEqual([
      ['decision', true],
      ['tls.error', true],
      ['upstream', true],
    ]);
  });
});

describe('a witness', () => {
  it.each([
    [{ decision: 'deny' }, true],
    [{ outcome: 'blocked' }, true],
    [{ upstream: 'untouched' }, true],
    [{ decision: 'allow', status: 403 }, false],
  ] satisfies [Expect, boolean][])('is owed to %j as a claim that it was blocked: %s', (expected, claims) => {
    expect(claimsBlocked(expected)).toBe(claims);
  });

  it.each<Expect>([{ outcome: 'istio-allows' }, { upstream: 'reached' }, { upstreamPath: '/' }])(
    'is asked for %j',
    (expected) => {
      expect(needsWitness(expected)).toBe(true);
    },
  );

  it('that was not asked is a bug, not a pass', () => {
    expect(() => compare({ decision: 'deny' }, { ...closed, testimony: null })).toThrow();
  });
});

it.each<Expect>([{}, { tls: {} }, { body: {} }, { headers: {} }, { tls: {}, body: {}, headers: {} }])(
  '%j asserts nothing',
  (expected) => {
    expect(assertsNothing(expected)).toBe(true);
  },
);

it.each<Expect>([{ status: 200 }, { body: { equals: '' } }, { headers: { a: '' } }, { tls: { error: 'x' } }])(
  '%j asserts something',
  (expected) => {
    expect(assertsNothing(expected)).toBe(false);
  },
);
