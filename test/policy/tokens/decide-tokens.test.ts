import { describe, expect, it } from 'vitest';
import { compilePolicies } from '../../../policy/compile.ts';
import { decide } from '../../../policy/decide.ts';
import { explain } from '../../../policy/explain.ts';
import { authenticate } from '../../../policy/tokens/authenticate.ts';
import { authorization, cart, config, policies, request } from '../../support/policies.ts';
import { keySetText, NOW, requestAuthentication, signer, verification } from '../../support/tokens.ts';

const issuer = signer();
const rule = {
  issuer: 'https://a.example',
  jwks: keySetText(issuer),
  audiences: ['api'],
  outputClaimToHeaders: [{ header: 'x-sub', claim: 'sub' }],
};
const token = (claims = {}) => issuer.token({ iss: rule.issuer, sub: 'alice', aud: 'api', ...claims });

async function judge(
  authorize: string,
  headers: [string, string][],
  protocol: 'http1' | 'grpc' = 'http1',
  path = '/',
  jwtRule: Record<string, unknown> = rule,
) {
  const objects = [requestAuthentication([jwtRule]), ...policies(authorize)];
  const policy = compilePolicies(objects, cart, { port: 8080, protocol: 'http' }, config);
  const facts = request({ headers, protocol, path });
  if (facts.http === null) throw new Error('no HTTP');
  const tokens = await authenticate(policy.jwt, facts.http, verification());
  const decision = decide(policy, facts, tokens);
  return { decision, explanation: explain(policy, facts, decision, tokens), policy, facts };
}

const withToken = (text: string): [string, string][] => [['authorization', `Bearer ${text}`]];
const ALICE = authorization(
  'rules: [{ from: [{ source: { requestPrincipals: ["https://a.example/alice"] } }] }]',
);

describe('the verdict on tokens', () => {
  it('denies where nobody looked at them', async () => {
    const { policy, facts } = await judge('', []);
    expect(decide(policy, facts)).toMatchObject({
      verdict: 'deny',
      phase: 'jwt',
      reason: 'tokens-unverified',
    });
  });

  it.each([
    [token({ exp: NOW - 99 }), 401, 'Jwt is expired', 'Jwt_is_expired'],
    [token({ aud: 'x' }), 403, 'Audiences in Jwt are not allowed', 'Audiences_in_Jwt_are_not_allowed'],
  ])('answers as Envoy does: %#', async (text, status, body, details) => {
    const { decision } = await judge(ALICE, withToken(text));
    expect(decision).toMatchObject({
      verdict: 'deny',
      phase: 'jwt',
      status,
      body,
      details: `jwt_authn_access_denied{${details}}`,
      matched: { kind: 'RequestAuthentication', name: 'jwt', action: 'jwt', rule: 0 },
    });
    expect((await judge(ALICE, withToken(text), 'grpc')).decision).toMatchObject({ status: 200, body: '' });
  });

  it('leaves it to authorization whether a token is needed', async () => {
    expect((await judge('', [])).decision).toMatchObject({ verdict: 'allow' });
    expect((await judge(ALICE, [])).decision).toMatchObject({ verdict: 'deny', phase: 'allow', status: 403 });
    expect((await judge(ALICE, withToken(token()))).decision).toMatchObject({ verdict: 'allow' });
    expect((await judge(ALICE, withToken(token({ sub: 'bob' })))).decision).toMatchObject({ status: 403 });
  });

  it('shows authorization the request without its token and with its claims', async () => {
    const deny = (key: string) =>
      authorization(`action: DENY\nrules: [{ when: [{ key: "request.headers[${key}]", values: ["*"] }] }]`);
    expect((await judge(deny('authorization'), withToken(token()))).decision.verdict).toBe('allow');
    expect((await judge(deny('x-sub'), withToken(token()))).decision.verdict).toBe('deny');
    expect((await judge(deny('x-sub'), [['x-sub', 'forged']])).decision.verdict).toBe('allow');
  });

  it.each(['\0', '\u0001', '\b', '\n', '\v', '\f', '\r', '\u001f', '\u007f'])(
    'sends on no claim with %j in it, which would break the header it goes into',
    async (byte) => {
      const { decision } = await judge('', withToken(token({ sub: `a${byte}b` })));
      expect(decision).toMatchObject({
        verdict: 'deny',
        phase: 'upstream',
        reason: 'unsendable-claim',
        status: 503,
        body: 'invalid header value for: x-sub',
        details: 'filter_removed_required_request_headers{invalid_header_value_for:_x-sub}',
      });
    },
  );

  it('sends on a claim with a tab, and tells a gRPC client of a broken one under HTTP 200', async () => {
    expect((await judge('', withToken(token({ sub: 'a\tb' })))).decision.verdict).toBe('allow');
    const { decision } = await judge('', withToken(token({ sub: 'a\nb' })), 'grpc');
    expect(decision).toMatchObject({ verdict: 'deny', status: 200, body: '' });
  });

  it.each(['x y', ':x', 'content-length', 'Transfer-Encoding'])(
    'has no upstream for a payload that goes into %j',
    async (header) => {
      const odd = { ...rule, outputPayloadToHeader: header };
      expect((await judge('', withToken(token()), 'http1', '/', odd)).decision).toMatchObject({
        status: 503,
        details: `filter_removed_required_request_headers{invalid_header_name:_${header.replace(' ', '_').toLowerCase()}}`,
      });
      expect((await judge('', [], 'http1', '/', odd)).decision.verdict).toBe('allow');
    },
  );

  it('has no upstream for any request where a rule writes into a header that it takes away first', async () => {
    for (const header of [':path', ':method', ':authority', 'Host']) {
      const odd = { ...rule, outputClaimToHeaders: [{ header, claim: 'sub' }] };
      for (const headers of [[], withToken(token())])
        expect((await judge('', headers, 'http1', '/', odd)).decision).toMatchObject({
          verdict: 'deny',
          status: 503,
          details: `filter_removed_required_request_headers{missing_required_header:_${header.toLowerCase()}}`,
        });
    }
  });

  it('sends on no path with a blank that taking the token out decoded', async () => {
    const { decision } = await judge('', [], 'http1', `/?access_token=${token()}&x=a%20b`);
    expect(decision).toMatchObject({ verdict: 'deny', status: 503 });
    expect((await judge('', [], 'http1', '/?x=a%20b')).decision.verdict).toBe('allow');
  });

  it('explains which token, where, by which rule, and what is wrong with it', async () => {
    const denied = await judge(ALICE, withToken(token({ exp: 1 })));
    expect(denied.explanation.sentence).toBe(
      'jwt[0] (issuer https://a.example) refuses the token in header authorization: it has expired (401).',
    );
    expect(denied.explanation.trail.at(-1)).toEqual({
      phase: 'jwt',
      outcome: 'denied',
      note: 'header authorization by jwt[0] (issuer https://a.example): Jwt is expired',
      rules: [{ ref: denied.decision.matched, matched: true, clauses: [] }],
    });
    const missing = await judge(ALICE, []);
    expect(missing.explanation.trail[1]).toMatchObject({
      phase: 'jwt',
      outcome: 'passed',
      note: 'no token at header authorization, parameter access_token: passes without claims',
    });
    expect(missing.explanation.sentence).toContain(
      'It would pass with a token of request principal https://a.example/alice',
    );
    const allowed = await judge(ALICE, withToken(token()));
    expect(allowed.explanation.trail[1]?.note).toBe(
      'header authorization by jwt[0] (issuer https://a.example): good',
    );
    expect(allowed.explanation.trail.at(-1)?.rules[0]?.clauses[0]?.got).toBe('https://a.example/alice');
  });
});
