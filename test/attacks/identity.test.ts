/** Attacks on identity (catalogue M), on the wire, with the application's log as witness. */
import net from 'node:net';
import tls from 'node:tls';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CertificateFault } from '../../mesh/pki/leaf.ts';
import { ALLOW_WEB, ask, authorizationPolicy, ORDERS, WEB } from '../support/sidecar-pair.ts';
import { type Attacked, type AttackOptions, get, startAttacked } from './attacked-pair.ts';

let scene: Attacked;
beforeAll(async () => {
  scene = await startAttacked();
  await scene.protect([ALLOW_WEB]);
});
afterAll(() => scene.close());

const withFault = async (fault: CertificateFault, spiffeId = WEB): Promise<AttackOptions> => ({
  as: await scene.pair.leaf({ spiffeId, fault }),
});

/** Closed in the handshake: no answer, no connection to the application, and the event says why. */
async function expectRefused(more: AttackOptions, reason: string): Promise<void> {
  const outcome = await scene.attack(get('/x'), { ...more, until: 'closed' });
  expect(outcome.answer).toBe('');
  expect(outcome.arrived).toEqual([]);
  expect(scene.connections()).toBe(0);
  expect(outcome.events).toMatchObject([{ decision: { verdict: 'deny', phase: 'mtls', reason } }]);
}

/** Istio lets it in, and the event names the row with a remedy. */
async function expectAccepted(more: AttackOptions, attack: string): Promise<void> {
  const outcome = await scene.attack(get('/x'), more);
  expect(outcome.statuses).toEqual([200]);
  expect(outcome.arrived).toHaveLength(1);
  expect(outcome.events[0]?.findings).toContainEqual(
    expect.objectContaining({ code: 'istio-allows', attack, remedy: expect.stringMatching(/./) }),
  );
}

describe('a STRICT port', () => {
  it('lets the good certificate in: the control', async () => {
    expect((await scene.attack(get('/x'))).statuses).toEqual([200]);
  });
  it('M1: closes plaintext', () => expectRefused({ as: 'plaintext' }, 'plaintext-on-strict'));
  it('M2: closes TLS without a certificate', () => expectRefused({ as: 'none' }, 'no-certificate'));
  it('M3: refuses a rogue authority of the same name', async () =>
    expectRefused(await withFault('rogue-ca'), 'unknown-authority'));
  it('M4: refuses a self-signed certificate', async () =>
    expectRefused(await withFault('self-signed'), 'self-signed'));
  it('M5: refuses an expired certificate', async () => expectRefused(await withFault('expired'), 'expired'));
  it('M5: refuses a certificate that isn’t valid yet', async () =>
    expectRefused(await withFault('not-yet-valid'), 'not-yet-valid'));
  it('M6: refuses a foreign trust domain under our own root', async () =>
    expectRefused(await withFault('foreign-trust-domain'), 'foreign-trust-domain'));
  it('M7: refuses a certificate without a URI name', async () =>
    expectRefused(await withFault('no-uri-san'), 'no-spiffe-id'));
  it('M7: refuses a trust domain in capitals', async () =>
    expectRefused(await withFault('upper-case-trust-domain'), 'foreign-trust-domain'));
  it('M7: lets two URI names in as Envoy does, and the event says so', async () =>
    expectAccepted(await withFault('two-uri-sans'), 'M7'));
  it('M8: refuses a certificate for servers only', async () =>
    expectRefused(await withFault('server-auth-only'), 'server-auth-only'));
  it('M9: lets a CA certificate in as Envoy does, and the event says so', async () =>
    expectAccepted(await withFault('ca-true'), 'M9'));
  it('M9: lets a signing certificate in as Envoy does, and the event says so', async () =>
    expectAccepted(await withFault('key-cert-sign'), 'M9'));
  it('M9: refuses a child that a workload minted', async () =>
    expectRefused(await withFault('workload-minted'), 'unknown-authority'));
  it('M13: lets RSA-1024 in as Envoy does, and the event says so', async () =>
    expectAccepted(await withFault('rsa-1024'), 'M13'));
  it('M13: speaks no TLS 1.1', () =>
    expectRefused({ tls: { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' } }, 'tls-version'));
  it('M13: speaks no cipher without forward secrecy and authentication of data', () =>
    expectRefused({ tls: { maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA:@SECLEVEL=0' } }, 'no-shared-cipher'));
});

describe('a stolen certificate', () => {
  it('M10: is judged as whom it names, and the event tells the other pod', async () => {
    const leaf = await scene.pair.leaf({ spiffeId: WEB, fault: 'none' });
    await scene.pair.clear();
    const at = scene.pair.at('orders-0', '8080');
    const socket = net.connect({ ...at, noDelay: true });
    await once(socket, 'connect');
    // The thief declares where it is, as every rehearsed attacker does.
    scene.pair.plane.declareSource({
      localAddress: '127.0.0.1',
      localPort: socket.localPort ?? 0,
      ip: '10.244.0.2',
      tag: null,
    });
    const secured = tls.connect({
      socket,
      rejectUnauthorized: false,
      ALPNProtocols: ['istio'],
      cert: leaf.certificateChainPem,
      key: leaf.privateKey.reveal(),
    });
    secured.write(get('/x', 'Connection: close'));
    secured.resume();
    await once(secured, 'close');
    const [event] = await scene.pair.seen();
    expect(event).toMatchObject({ decision: { verdict: 'allow' }, from: { spiffeId: WEB } });
    expect(event?.findings).toContainEqual(expect.objectContaining({ code: 'not-covered', attack: 'M10' }));
  });
});

describe('the caller’s own sidecar', () => {
  it('M11: refuses a server with another workload’s identity, before a byte of the request', async () => {
    await scene.pair.publish({
      policies: [ALLOW_WEB],
      expected: ['spiffe://cluster.local/ns/shop/sa/other'],
    });
    await scene.pair.clear();
    scene.arrived.length = 0;
    const answer = await ask(scene.pair.at('web-0', 'orders:80'), { path: '/x' });
    expect(answer.status).toBe(503);
    expect(scene.arrived).toEqual([]);
    await scene.protect([ALLOW_WEB]);
  });
});

describe('what a client says of itself', () => {
  it('M12: a forged XFCC stays in front of ours over mTLS, as Envoy keeps it, and the event says so', async () => {
    const outcome = await scene.attack(get('/x', 'X-Forwarded-Client-Cert: URI=spiffe://forged'));
    const told = outcome.arrived[0]?.headers.find(([name]) => name === 'x-forwarded-client-cert')?.[1];
    expect(told).toMatch(
      new RegExp(`^URI=spiffe://forged,By=${ORDERS};Hash=[0-9a-f]{64};Subject="";URI=${WEB}$`),
    );
    expect(outcome.events[0]?.findings).toContainEqual(
      expect.objectContaining({ code: 'istio-allows', attack: 'M12' }),
    );
  });
});

describe('a revoked identity', () => {
  it('M15: is out once its short life is over: nobody with an expired certificate comes in', async () => {
    await expectRefused(await withFault('expired'), 'expired');
  });
});

describe('an ALLOW of sa/web', () => {
  for (const other of ['sa/webx', 'sa/we', 'sa/Web', 'sa/w.b', 'sa/web/x'])
    it(`M16: isn’t met by ${other}`, async () => {
      const spiffeId = `spiffe://cluster.local/ns/shop/${other}`;
      const outcome = await scene.attack(get('/x'), await withFault('none', spiffeId));
      expect(outcome.statuses).toEqual([403]);
      expect(outcome.arrived).toEqual([]);
    });
  it('M16: a dot in the policy stands for itself', async () => {
    await scene.protect([
      authorizationPolicy('dotted', {
        rules: [{ from: [{ source: { principals: ['cluster.local/ns/shop/sa/w.b'] } }] }],
      }),
    ]);
    expect((await scene.attack(get('/x'))).statuses).toEqual([403]);
  });
});
