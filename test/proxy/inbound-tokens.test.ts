/** RequestAuthentication on real connections: the data plane verifies, refuses and rewrites as Envoy does. */
import { describe, expect, it } from 'vitest';
import { parseKeySet } from '../../policy/tokens/key-set.ts';
import { type Application, ask, authorizationPolicy, type Pair } from '../support/sidecar-pair.ts';
import { usePair } from '../support/use-pair.ts';
import { keySetText, requestAuthentication, signer } from '../support/tokens.ts';

const issuer = signer();
const rule = {
  issuer: 'https://a.example',
  jwks: keySetText(issuer),
  outputClaimToHeaders: [{ header: 'x-sub', claim: 'sub' }],
};
const token = (claims: object = {}) => issuer.token({ iss: rule.issuer, sub: 'alice', ...claims });
const ALICE = authorizationPolicy('alice', {
  rules: [{ from: [{ source: { requestPrincipals: ['https://a.example/alice'] } }] }],
});

let application: Application;
let pair: Pair;
usePair((both) => ({ application, pair } = both));

const peer = () => pair.at('web-0', 'orders:80');
const bearer = (text: string) => ({ authorization: `Bearer ${text}` });

describe('tokens at a sidecar', () => {
  it('refuses a bad one with Envoy’s answer; the event names the rule and holds no token', async () => {
    await pair.publish({ policies: [requestAuthentication([rule])] });
    const expired = token({ exp: 1 });
    const answer = await ask(peer(), {
      path: `/a?jwt=${expired}`,
      headers: { host: 'orders', ...bearer(expired) },
    });
    expect(answer).toMatchObject({ status: 401, body: 'Jwt is expired' });
    const realm = `https://orders${`/a?jwt=${expired}`.slice(0, 256)}`;
    expect(answer.headers['www-authenticate']).toBe(`Bearer realm="${realm}", error="invalid_token"`);
    expect(application.requests).toEqual([]);
    const events = await pair.seen();
    const inbound = events.find(({ direction }) => direction === 'inbound');
    expect(inbound).toMatchObject({
      decision: { verdict: 'deny', phase: 'jwt', reason: 'token-expired', matched: { name: 'jwt', rule: 0 } },
      request: { path: '/a?jwt=[redacted]' },
    });
    expect(inbound?.explanation?.sentence).toContain('it has expired (401)');
    expect(JSON.stringify(events)).not.toContain(expired.slice(0, 40));
  });

  it('hands the application the claims, and neither the token nor forged claims', async () => {
    await pair.publish({ policies: [requestAuthentication([rule]), ALICE] });
    const headers = { ...bearer(token()), 'x-sub': 'forged' };
    const answer = await ask(peer(), { path: `/a?b=1&access_token=${token()}`, headers });
    expect(answer.status).toBe(200);
    const got = JSON.parse(answer.body) as { url: string; headers: Record<string, string> };
    expect(got.url).toBe('/a?b=1');
    expect(got.headers['x-sub']).toBe('alice, alice');
    expect(got.headers['authorization']).toBeUndefined();
    const inbound = (await pair.seen()).find(({ direction }) => direction === 'inbound');
    expect(inbound?.request?.claims).toMatchObject({ sub: 'alice' });
  });

  it('denies who has no token only where a policy asks for one', async () => {
    await pair.publish({ policies: [requestAuthentication([rule])] });
    expect((await ask(peer())).status).toBe(200);
    await pair.publish({ policies: [requestAuthentication([rule]), ALICE] });
    expect((await ask(peer())).status).toBe(403);
    expect((await ask(peer(), { headers: bearer(token({ sub: 'bob' })) })).status).toBe(403);
  });

  it('verifies by the keys that the snapshot holds for a URI, and refuses every token without them', async () => {
    const { jwks: _, ...remote } = { ...rule, jwksUri: 'https://keys.example/' };
    const policies = [requestAuthentication([remote])];
    const headers = bearer(token());
    await pair.publish({ policies });
    expect((await ask(peer(), { headers })).status).toBe(401);
    const keySets = { 'https://keys.example/': parseKeySet(rule.jwks) };
    await pair.publish({ policies, edit: (snapshot) => Object.assign(snapshot, { keySets }) });
    expect((await ask(peer(), { headers })).status).toBe(200);
    await pair.publish({ policies, edit: (snapshot) => Object.assign(snapshot, { keySets: {} }) });
    expect((await ask(peer(), { headers })).status).toBe(401);
  });

  it('judges times by the session’s clock', async () => {
    const policies = [requestAuthentication([rule])];
    const headers = bearer(token({ exp: Math.floor(Date.now() / 1000) + 3600 }));
    await pair.publish({ policies });
    expect((await ask(peer(), { headers })).status).toBe(200);
    await pair.publish({
      policies,
      edit: (snapshot) => Object.assign(snapshot, { clockOffsetMs: 7_200_000 }),
    });
    expect((await ask(peer(), { headers })).body).toBe('Jwt is expired');
  });

  it('tells what Envoy let pass against the standard', async () => {
    await pair.publish({ policies: [requestAuthentication([rule])] });
    const odd = issuer.token({ iss: rule.issuer, sub: 'alice' }, { crit: ['x'], x: 1 });
    expect((await ask(peer(), { headers: bearer(odd) })).status).toBe(200);
    const inbound = (await pair.seen()).find(({ direction }) => direction === 'inbound');
    expect(inbound?.findings).toMatchObject([{ code: 'istio-allows', attack: 'J10' }]);
  });
});
