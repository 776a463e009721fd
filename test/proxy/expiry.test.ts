import { once } from 'node:events';
import tls from 'node:tls';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  ALLOW_WEB,
  ask,
  closeOf,
  startApplication,
  startPair,
  WEB,
  type Application,
  type Pair,
} from '../support/sidecar-pair.ts';

const TWO_DAYS_MS = 2 * 24 * 60 * 60 * 1_000;

let application: Application;
let pair: Pair;
beforeEach(async () => {
  application = await startApplication();
  pair = await startPair(application.address);
});
afterEach(async () => {
  await pair.close();
  await application.close();
});

/** Two days later by the session's clock; leaves live for one. */
function later(): Promise<unknown> {
  return pair.publish({
    policies: [ALLOW_WEB],
    edit: (snapshot) => {
      snapshot.clockOffsetMs = TWO_DAYS_MS;
    },
  });
}

it('a certificate that has expired opens no new connection', async () => {
  await pair.publish({ policies: [ALLOW_WEB] });
  await later();
  const leaf = await pair.leaf({ spiffeId: WEB, fault: 'none' });
  const socket = tls.connect({
    ...pair.at('orders-0', '8080'),
    key: leaf.privateKey.reveal(),
    cert: leaf.certificateChainPem,
    ALPNProtocols: ['istio', 'http/1.1'],
    rejectUnauthorized: false,
  });
  await closeOf(socket.resume());
  expect((await pair.seen())[0]).toMatchObject({
    kind: 'handshake',
    decision: { verdict: 'deny', phase: 'mtls', reason: 'expired' },
  });
  expect((await ask(pair.at('web-0', 'orders:80'))).status).toBe(503);
  expect(application.requests).toEqual([]);
});

it('a certificate that expires ends no connection that is open, as in Envoy', async () => {
  await pair.publish({ policies: [ALLOW_WEB] });
  const leaf = await pair.leaf({ spiffeId: WEB, fault: 'none' });
  const socket = tls.connect({
    ...pair.at('orders-0', '8080'),
    key: leaf.privateKey.reveal(),
    cert: leaf.certificateChainPem,
    ALPNProtocols: ['istio', 'http/1.1'],
    rejectUnauthorized: false,
  });
  await once(socket, 'secureConnect');
  await later();
  socket.write('GET / HTTP/1.1\r\nHost: orders\r\n\r\n');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1.1 200/);
  const closed = closeOf(socket);
  socket.destroy();
  await closed;
  expect((await pair.seen())[0]).toMatchObject({ snapshotVersion: 2, from: { spiffeId: WEB } });
});
