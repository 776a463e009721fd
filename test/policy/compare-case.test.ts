import { describe, expect, it } from 'vitest';
import type { DecisionCase } from '../../model/decision-suite.ts';
import type { Decision } from '../../model/decision.ts';
import { compareCase } from '../../policy/compare-case.ts';
import type { CustomOutcome } from '../../policy/custom/ask-authorizer.ts';
import type { Judged } from '../../policy/decide-http.ts';
import { PROVIDER } from '../support/authorizer-provider.ts';
import { request } from '../support/policies.ts';

const denied: Decision = {
  verdict: 'deny',
  phase: 'allow',
  reason: 'no-allow-matched',
  matched: null,
  status: 403,
  body: 'RBAC: access denied',
  details: 'rbac_access_denied_matched_policy[none]',
};
const allowed: Decision = { verdict: 'allow', phase: 'allow', reason: 'allow-matched', matched: null };

function judged(decision: Decision, custom?: Partial<CustomOutcome>): Judged {
  const facts = request({
    path: '/caf\u00c3\u00a9',
    headers: [
      ['x-user', ' web '],
      ['x-user', 'b'],
    ],
  });
  return {
    decision,
    facts,
    ...(custom && { custom: { decision: null, facts, check: null, responseHeaders: [], ...custom } }),
  };
}

function differences(
  expected: object,
  decision: Decision = denied,
  custom?: Partial<CustomOutcome>,
): string[] {
  return compareCase(expected as DecisionCase['expect'], judged(decision, custom));
}

const check: CustomOutcome['check'] = {
  provider: PROVIDER,
  method: 'GET',
  path: '/admin',
  host: 'cart.shop',
  headers: [
    ['x-user', 'web'],
    [':path', '/admin'],
    ['authorization', 'Bearer x'],
    ['x-request-id', '1'],
    ['x-envoy-expected-rq-timeout-ms', '500'],
    ['x-envoy-internal', 'true'],
    ['accept-encoding', 'gzip'],
  ],
};

describe('a case differs', () => {
  it.each([
    ['by its verdict', { decision: 'allow' }, 'decision: wanted "allow", got "deny"'],
    [
      'by Envoy’s details',
      { details: 'via_upstream' },
      'details: wanted "via_upstream", got "rbac_access_denied_matched_policy[none]"',
    ],
    ['by the status of a denial', { status: 401 }, 'status: wanted 401, got 403'],
    ['by the body of a denial', { body: '' }, 'body: wanted "", got "RBAC: access denied"'],
    ['by what nobody here can compare', { latencyMs: 3 }, 'latencyMs: not known here'],
    [
      'by a header that an authorizer should have added',
      { responseHeaders: { 'x-why': 'no' } },
      'responseHeaders x-why: wanted "no", got null',
    ],
    [
      'by an authorizer that was not asked',
      { checked: { asked: true } },
      'checked asked: wanted true, got false',
    ],
    ['by what it was not told', { checked: { method: 'GET' } }, 'checked method: wanted "GET", got null'],
    ['by what an authorizer has no word for', { checked: { body: '' } }, 'checked body: not known here'],
  ])('%s', (_, expected, line) => {
    expect(differences(expected)).toEqual([line]);
  });

  it.each([
    ['upstreamPath', { upstreamPath: '/' }, 'upstreamPath: wanted "/", got "/caf\u00c3\u00a9"'],
    [
      'a header',
      { upstreamHeaders: { 'x-user': 'web' } },
      'upstreamHeaders x-user: wanted "web", got "web,b"',
    ],
    [
      'a header that it has',
      { upstreamHeaders: { 'x-user': null } },
      'upstreamHeaders x-user: wanted null, got "web,b"',
    ],
    [
      'a header that Envoy writes by itself',
      { upstreamHeaders: { 'x-request-id': '1' } },
      'upstreamHeaders x-request-id: not known here',
    ],
    ['details that there are none of', { details: 'x' }, 'details: wanted "x", got none'],
  ])('when the application would see other than %s', (_, expected, line) => {
    expect(differences(expected, allowed)).toEqual([line]);
  });

  it('by each of several things, in one order', () => {
    expect(differences({ decision: 'allow', status: 200, checked: { asked: true }, zone: 'x' })).toEqual([
      'decision: wanted "allow", got "deny"',
      'status: wanted 200, got 403',
      'checked asked: wanted true, got false',
      'zone: not known here',
    ]);
  });

  it('by other words of an authorizer, or other headers that it was told', () => {
    const custom: Partial<CustomOutcome> = {
      check,
      responseHeaders: [
        ['x-why', 'a'],
        ['x-why', 'b'],
        ['x', 'c'],
      ],
    };
    const expected = {
      responseHeaders: { 'x-why': 'a', none: 'd' },
      checked: { asked: false, method: 'PUT', path: '/', host: 'x', headers: ['x-user'] },
    };
    expect(differences(expected, denied, custom)).toEqual([
      'responseHeaders x-why: wanted "a", got "a,b"',
      'responseHeaders none: wanted "d", got null',
      'checked asked: wanted false, got true',
      'checked method: wanted "PUT", got "GET"',
      'checked path: wanted "/", got "/admin"',
      'checked host: wanted "x", got "cart.shop"',
      'checked headers: wanted "x-user", got "authorization x-user"',
    ]);
  });
});

describe('a case agrees', () => {
  it('when it expects nothing', () => {
    expect(compareCase(undefined, judged(denied))).toEqual([]);
    expect(differences({})).toEqual([]);
  });

  it('with a denial in all that it gives, whatever else it says of an application that sees nothing', () => {
    const { verdict: decision, status, body, details } = denied;
    const expected = {
      decision,
      status,
      body,
      details,
      upstreamPath: '/x',
      upstreamHeaders: { 'x-user': 'y' },
    };
    expect(differences(expected)).toEqual([]);
  });

  it('with an allowed request, whose status and body are the application’s own', () => {
    const expected = {
      decision: 'allow',
      status: 204,
      body: 'hello',
      upstreamPath: '/café',
      upstreamHeaders: { host: 'cart.shop', 'x-user': 'web,b', 'x-none': null },
    };
    expect(differences(expected, allowed)).toEqual([]);
  });

  it('with an authorizer that was told what it expects, in any order, less what says nothing of the request', () => {
    const expected = {
      responseHeaders: { 'x-why': 'a,b', none: null },
      checked: {
        asked: true,
        method: 'GET',
        path: '/admin',
        host: 'cart.shop',
        headers: ['x-user', 'authorization'],
      },
    };
    expect(
      differences(expected, denied, {
        check,
        responseHeaders: [
          ['x-why', 'a'],
          ['x', 'c'],
          ['x-why', 'b'],
        ],
      }),
    ).toEqual([]);
  });
});
