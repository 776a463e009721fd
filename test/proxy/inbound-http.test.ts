import { describe, expect, it } from 'vitest';
import {
  ALLOW_WEB,
  ask,
  authorizationPolicy,
  DENY_ALL,
  ORDERS,
  ORDERS_IP,
  sendRaw,
  WEB,
  WEB_IP,
  type Application,
  type Pair,
} from '../support/sidecar-pair.ts';
import { usePair } from '../support/use-pair.ts';

let application: Application;
let pair: Pair;
usePair((both) => ({ application, pair } = both));

const peer = () => pair.at('web-0', 'orders:80');
const inbound = () => pair.at('orders-0', '8080');

describe('a request over the mTLS pair', () => {
  it('leaves no token of its query in the event, and reaches the application with it', async () => {
    await pair.publish({ policies: [DENY_ALL] });
    await ask(peer(), { path: '/charge?x=1&access_token=topsecret&y=2' });
    expect(JSON.stringify(await pair.seen())).not.toContain('topsecret');
    expect(pair.events[0]?.request?.path).toBe('/charge?x=1&access_token=[redacted]&y=2');
    await pair.publish({ policies: [ALLOW_WEB] });
    await ask(peer(), { path: '/charge?access_token=topsecret' });
    expect(application.requests).toEqual(['GET /charge?access_token=topsecret']);
  });

  it('is denied with Envoy’s answer, and the reason goes to the event only', async () => {
    await pair.publish({ policies: [DENY_ALL] });
    const answer = await ask(peer(), {
      path: '/charge',
      headers: { authorization: 'Bearer secret', 'x-api-key': 'Bearer secret' },
    });
    expect(answer).toMatchObject({ status: 403, body: 'RBAC: access denied' });
    expect(answer.headers).toMatchObject({ 'content-length': '19', 'content-type': 'text/plain' });
    expect(application.requests).toEqual([]);
    const [inboundEvent, outboundEvent] = await pair.seen();
    expect(inboundEvent).toMatchObject({
      kind: 'http',
      direction: 'inbound',
      owner: 'orders-0',
      from: { workload: 'web', instance: 'web-0', spiffeId: WEB, ip: WEB_IP },
      to: { workload: 'orders', spiffeId: ORDERS, ip: ORDERS_IP, port: 8080 },
      tls: {
        mutual: true,
        version: 'TLSv1.3',
        sni: 'outbound_.80_._.orders.shop.svc.cluster.local',
        resumed: false,
      },
      decision: {
        verdict: 'deny',
        phase: 'allow',
        reason: 'no-allow-matched',
        status: 403,
        details: 'rbac_access_denied_matched_policy[none]',
      },
      response: { status: 403, by: 'sidecar' },
      request: { method: 'GET', path: '/charge', host: 'orders' },
    });
    expect(inboundEvent?.explanation?.sentence).toBeTypeOf('string');
    expect(inboundEvent?.request?.headers).toContainEqual(['authorization', '[redacted]']);
    expect(JSON.stringify(pair.events)).not.toContain('Bearer secret');
    expect(outboundEvent).toMatchObject({
      direction: 'outbound',
      owner: 'web-0',
      decision: { verdict: 'allow', reason: 'routed' },
      response: { status: 403, by: 'upstream' },
    });
    expect(outboundEvent?.requestId).toBe(inboundEvent?.requestId);
  });

  it('passes with the normalized path and the caller’s certificate in XFCC', async () => {
    await pair.publish({ policies: [ALLOW_WEB] });
    const answer = await ask(peer(), {
      path: '/a/./b/%2e%2e/c?q=1',
      headers: { 'x-forwarded-client-cert': 'URI=spiffe://forged' },
    });
    expect(answer.status).toBe(200);
    expect(application.requests).toEqual(['GET /a/c?q=1']);
    const told = JSON.parse(answer.body) as { headers: Record<string, string>; raw: string[] };
    expect(told.headers['x-forwarded-client-cert']).toMatch(
      new RegExp(`^By=${ORDERS};Hash=[0-9a-f]{64};Subject="";URI=${WEB}$`),
    );
    expect(told.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(told.raw.map((name) => name.toLowerCase())).not.toContain('connection');
    const [event] = await pair.seen();
    expect(event).toMatchObject({
      decision: { verdict: 'allow', phase: 'allow' },
      response: { status: 200, by: 'upstream' },
      snapshotVersion: expect.any(Number),
    });
  });

  it('plaintext to STRICT is closed without an answer, and told', async () => {
    await pair.publish({ policies: [ALLOW_WEB], mtls: 'STRICT' });
    expect(await sendRaw(inbound(), 'GET / HTTP/1.1\r\nHost: orders\r\n\r\n')).toBe('');
    expect(await pair.seen()).toMatchObject([
      {
        kind: 'connection',
        decision: {
          verdict: 'deny',
          phase: 'mtls',
          reason: 'plaintext-on-strict',
          details: 'filter_chain_not_found',
        },
      },
    ]);
    expect(application.requests).toEqual([]);
  });

  it('plaintext to PERMISSIVE has no principal', async () => {
    await pair.publish({ policies: [ALLOW_WEB], mtls: 'PERMISSIVE' });
    expect((await ask(inbound(), { headers: { host: 'orders' } })).status).toBe(403);
    await pair.publish({ policies: [authorizationPolicy('any', { rules: [{}] })], mtls: 'PERMISSIVE' });
    expect((await ask(inbound(), { headers: { host: 'orders' } })).status).toBe(200);
    expect((await pair.seen()).map(({ decision }) => decision.verdict)).toEqual(['deny', 'allow']);
  });

  it('with a Trailer field and no chunks passes with it, as Envoy has it, and ends nothing', async () => {
    await pair.publish({ mtls: 'DISABLE' });
    for (const more of ['', 'content-length: 2\r\n']) {
      const body = more === '' ? '' : 'ok';
      const request = `POST / HTTP/1.1\r\nhost: a\r\ntrailer: x\r\nconnection: close\r\n${more}\r\n${body}`;
      const answer = await sendRaw(inbound(), request);
      expect(answer).toContain('200 OK');
      expect(answer).toContain('"trailer":"x"');
    }
  });
});
