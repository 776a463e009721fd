/** What a change of policies turns round. */
import { describe, expect, it } from 'vitest';
import type { AskedRequest, PolicyVersion } from '../../policy/policy-version.ts';
import { diff } from '../../policy/what-if.ts';
import { authorization, cart, config, policies, request } from '../support/policies.ts';

type Wanted = NonNullable<Parameters<typeof request>[0]>;

function version(yaml: string, over: Partial<PolicyVersion['config']> = {}): PolicyVersion {
  return { objects: policies(yaml), config: { ...config, pathNormalization: 'BASE', ...over } };
}

function asked(wanted: Wanted = {}): AskedRequest {
  return { target: cart, port: { port: 8080, protocol: 'http' }, facts: request(wanted) };
}

const GET_ONLY = authorization('action: ALLOW\nrules: [{ to: [{ operation: { methods: [GET] } }] }]');
const WEB_ONLY = authorization(
  'action: ALLOW\nrules: [{ from: [{ source: { principals: [cluster.local/ns/shop/sa/web] } }] }]',
);
const mtls = (mode: string) =>
  `---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: { name: default, namespace: shop }\nspec: { mtls: { mode: ${mode} } }\n`;

const recorded = [
  asked({ method: 'GET' }),
  asked({ method: 'POST' }),
  asked({ method: 'GET', principal: null }),
  asked({ method: 'POST', principal: null }),
];

/** Index in `recorded`, and what it becomes. */
function flips(before: PolicyVersion, after: PolicyVersion): [number, string][] {
  return diff(before, after, recorded).map(({ request: one, after: decision }) => [
    recorded.indexOf(one),
    decision.verdict,
  ]);
}

describe('diff', () => {
  it('of a version and itself is empty', () => {
    expect(flips(version(GET_ONLY), version(GET_ONLY))).toEqual([]);
  });

  it('names each request whose verdict turns round, both ways', () => {
    expect(flips(version(GET_ONLY), version(WEB_ONLY))).toEqual([
      [1, 'allow'],
      [2, 'deny'],
    ]);
  });

  it('tells both decisions with their rules', () => {
    const [flip] = diff(version(GET_ONLY), version(WEB_ONLY), recorded);
    expect(flip?.before).toMatchObject({ verdict: 'deny', reason: 'no-allow-matched' });
    expect(flip?.after).toMatchObject({ verdict: 'allow', matched: { name: 'p', rule: 0 } });
  });

  it('counts mutual TLS: STRICT refuses whoever came in plaintext', () => {
    expect(flips(version(GET_ONLY), version(GET_ONLY + mtls('STRICT')))).toEqual([[2, 'deny']]);
  });

  it('takes identities away where mutual TLS is off', () => {
    expect(flips(version(WEB_ONLY), version(WEB_ONLY + mtls('DISABLE')))).toEqual([
      [0, 'deny'],
      [1, 'deny'],
    ]);
  });

  it('normalizes the path as it came, by the configuration of each version', () => {
    const denied = authorization('action: DENY\nrules: [{ to: [{ operation: { paths: [/admin] } }] }]');
    const dodge = asked({ path: '//admin', rawPath: '//admin' });
    const merged = version(denied, { pathNormalization: 'MERGE_SLASHES' });
    expect(diff(version(denied), merged, [dodge])).toMatchObject([{ after: { verdict: 'deny' } }]);
    const zero = asked({ path: '/%00', rawPath: '/%00' });
    const none = version(denied, { pathNormalization: 'NONE' });
    expect(diff(none, merged, [zero])).toMatchObject([{ after: { phase: 'normalization', status: 400 } }]);
  });

  it('takes a token as it was judged', () => {
    const token = `---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: { name: t, namespace: shop }\nspec: { action: ALLOW, rules: [{ from: [{ source: { requestPrincipals: ["https://issuer.example/alice"] } }] }] }\n`;
    const alice = asked();
    const facts = { ...alice.facts, claims: { iss: 'https://issuer.example', sub: 'alice' } };
    const requests = [alice, { ...alice, facts }];
    expect(diff(version(token), version(GET_ONLY), requests)).toMatchObject([{ request: alice }]);
  });
});
