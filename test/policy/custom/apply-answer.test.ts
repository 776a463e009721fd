import { describe, expect, it } from 'vitest';
import type { RuleRef } from '../../../model/decision.ts';
import { extensionProviderSchema } from '../../../model/istio/extension-provider.ts';
import type { HeaderList, HttpFacts } from '../../../model/request-facts.ts';
import { applyAnswer, type AuthorizerAnswer } from '../../../policy/custom/apply-answer.ts';
import { checkFor } from '../../../policy/custom/authorization-check.ts';
import { resolveProvider } from '../../../policy/custom/providers.ts';

const rule: RuleRef = {
  kind: 'AuthorizationPolicy',
  action: 'CUSTOM',
  namespace: 'shop',
  name: 'ext',
  rule: 0,
  at: { file: 'policies.yaml', line: 1, column: 1 },
};

function request(headers: HeaderList = [], protocol: HttpFacts['protocol'] = 'http1'): HttpFacts {
  return { protocol, method: 'GET', path: '/admin', rawPath: '/admin', host: 'cart.shop', headers };
}

function apply(answer: AuthorizerAnswer, settings: object = {}, http: HttpFacts = request()) {
  const written = { service: 'authz.example', port: 8000, ...settings };
  const provider = extensionProviderSchema.parse({ name: 'authz', envoyExtAuthzHttp: written });
  const resolved = resolveProvider('authz', [provider], [{ host: 'authz.example', namespace: 'shop' }]);
  if ('fault' in resolved) throw new Error(resolved.fault);
  return applyAnswer(checkFor(resolved.provider, http), rule, answer, http);
}

function http(status: number, headers: HeaderList = []): AuthorizerAnswer {
  return { kind: 'http', status, headers, body: 'because' };
}

describe('an authorizer that does not answer', () => {
  const unanswered: AuthorizerAnswer = { kind: 'failed', asked: true };

  it.each([
    ['at all', unanswered],
    ['with an error, the first of them', http(500)],
    ['with an error, the last of them', http(599)],
  ])('%s denies in Envoy’s words', (_, answer) => {
    expect(apply(answer, { statusOnError: '503' })).toEqual({
      kind: 'denied',
      decision: {
        verdict: 'deny',
        phase: 'custom',
        reason: 'authorizer-failed',
        matched: rule,
        status: 503,
        body: '',
        details: 'ext_authz_error',
      },
      responseHeaders: [],
    });
  });

  it('denies a gRPC call with 200, as all that gRPC answers', () => {
    expect(apply(unanswered, {}, request([], 'grpc'))).toMatchObject({ decision: { status: 200 } });
  });

  it('lets pass unchanged where it fails open', () => {
    const facts = request([['x', '1']]);
    expect(apply(unanswered, { failOpen: true }, facts)).toEqual({
      kind: 'passed',
      http: facts,
      responseHeaders: [],
    });
  });
});

describe('an authorizer that denies', () => {
  it.each([[201], [302], [403], [499], [600]])('does so with its own status, %i', (status) => {
    expect(apply(http(status))).toEqual({
      kind: 'denied',
      decision: {
        verdict: 'deny',
        phase: 'custom',
        reason: 'authorizer-denied',
        matched: rule,
        status,
        body: 'because',
        details: 'ext_authz_denied',
      },
      responseHeaders: [],
    });
  });

  const sent: HeaderList = [
    ['host', 'authz.example'],
    ['x-envoy-auth-headers-to-remove', 'x-a'],
    ['location', '/login'],
    ['www-authenticate', 'Basic'],
    ['content-length', '7'],
    ['set-cookie', 'a=1'],
    ['x-why', 'no'],
  ];

  it('hands its headers on, less its host and what it wanted removed', () => {
    expect(apply(http(403, sent)).responseHeaders.map(([name]) => name)).toEqual([
      'location',
      'www-authenticate',
      'content-length',
      'set-cookie',
      'x-why',
    ]);
  });

  it('hands on only what is listed, and what leads the client elsewhere', () => {
    const listed = apply(http(403, sent), { headersToDownstreamOnDeny: ['x-why', 'host'] });
    expect(listed.responseHeaders.map(([name]) => name)).toEqual([
      'location',
      'www-authenticate',
      'content-length',
      'x-why',
    ]);
  });

  it('over gRPC hands all on, and answers a gRPC call with 200', () => {
    const answer: AuthorizerAnswer = { kind: 'grpc-denied', status: 401, headers: sent, body: 'no' };
    expect(apply(answer)).toMatchObject({ decision: { status: 401, body: 'no' }, responseHeaders: sent });
    expect(apply(answer, {}, request([], 'grpc'))).toMatchObject({ decision: { status: 200, body: '' } });
  });
});

describe('an authorizer that allows', () => {
  const lists = {
    headersToUpstreamOnAllow: ['x-*', 'host', ':path'],
    headersToDownstreamOnAllow: ['x-seen'],
  };

  it('over HTTP puts what is listed in the place of the client’s own, and removes what it names', () => {
    const own: HeaderList = [
      ['x-user', 'forged'],
      ['x-gone', '1'],
      ['x-left', '2'],
      ['x-kept', '3'],
    ];
    const answered = http(200, [
      ['x-user', 'first'],
      ['x-user', 'alice'],
      ['x-left', 'new'],
      ['y-user', 'not listed'],
      ['host', 'evil.example'],
      [':path', '/public'],
      ['x-seen', 'yes'],
      ['x-envoy-auth-headers-to-remove', ' X-Gone ,x-left, host'],
    ]);
    expect(apply(answered, lists, request(own))).toEqual({
      kind: 'passed',
      http: request([
        ['x-kept', '3'],
        ['x-user', 'alice'],
        ['x-seen', 'yes'],
      ]),
      responseHeaders: [['x-seen', 'yes']],
    });
  });

  it('never hands on the list of what it wanted removed, though its name is listed', () => {
    const everything = { headersToUpstreamOnAllow: ['x-*'], headersToDownstreamOnAllow: ['x-*'] };
    const { responseHeaders } = apply(http(200, [['x-envoy-auth-headers-to-remove', 'y']]), everything);
    expect(responseHeaders).toEqual([]);
  });

  it('over gRPC adds beside the client’s own, except to the request line and the host', () => {
    const answer: AuthorizerAnswer = {
      kind: 'grpc-allowed',
      set: [],
      add: [
        ['x-user', 'alice'],
        ['host', 'evil.example'],
        [':method', 'PUT'],
      ],
      remove: [],
      responseHeaders: [['x-seen', 'yes']],
    };
    expect(apply(answer, {}, request([['x-user', 'web']]))).toEqual({
      kind: 'passed',
      http: request([
        ['x-user', 'web'],
        ['x-user', 'alice'],
      ]),
      responseHeaders: [['x-seen', 'yes']],
    });
  });
});
