import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listenLocally } from '../support/local-server.ts';
import {
  ALLOW_WEB,
  ask,
  closeOf,
  DENY_ALL,
  startApplication,
  startPair,
  type Application,
  type Pair,
} from '../support/sidecar-pair.ts';

let application: Application;
let pair: Pair;

beforeEach(async () => {
  application = await startApplication();
  pair = await startPair(application.address, { drainMs: 50 });
});
afterEach(async () => {
  await pair.close();
  await application.close();
});

const peer = () => pair.at('web-0', 'orders:80');

describe('a snapshot that can’t be applied', () => {
  it('is refused with the port that is taken, and the one before stays in force', async () => {
    await pair.publish({ policies: [ALLOW_WEB] });
    const holder = net.createServer();
    const port = await listenLocally(holder);
    const answer = await pair.tryPublish({ policies: [DENY_ALL], listenPort: port });
    expect(answer).toMatchObject({
      kind: 'nack',
      version: 2,
      inForce: 1,
      problems: [{ code: 'port-taken', severity: 'error' }],
    });
    expect(answer.kind === 'nack' && answer.problems[0]?.message).toContain(`127.0.0.1:${port}`);
    expect((await ask(peer())).status).toBe(200);
    expect((await pair.seen())[0]?.snapshotVersion).toBe(1);
    holder.close();
    await once(holder, 'close');
  });

  it.each([
    [
      'a certificate that is none',
      (snapshot: { instances: { credentials: { certificateChainPem: string } }[] }) => {
        (
          snapshot.instances[1] as { credentials: { certificateChainPem: string } }
        ).credentials.certificateChainPem = 'no PEM';
      },
    ],
    [
      'an empty trust bundle',
      (snapshot: { trustBundlePem: string[] }) => {
        snapshot.trustBundlePem = [];
      },
    ],
  ])('%s is a problem, never an open door', async (_title, edit) => {
    const answer = await pair.tryPublish({ edit: edit as never });
    expect(answer).toMatchObject({
      kind: 'nack',
      inForce: null,
      problems: expect.arrayContaining([expect.objectContaining({ code: 'invalid-certificate' })]),
    });
    expect(JSON.stringify(answer)).not.toContain('PRIVATE KEY');
  });

  it('binds nothing of what it refused', async () => {
    const listeners = await pair.publish();
    const free = net.createServer();
    const port = await listenLocally(free);
    await pair.tryPublish({
      listenPort: port,
      edit: (snapshot) => {
        snapshot.instances[0]?.outbound.push({
          kind: 'peer',
          service: 'orders',
          port: 81,
          listen: { host: '127.0.0.1', port: 0 },
        });
      },
    });
    free.close();
    await once(free, 'close');
    expect(await pair.publish()).toEqual(listeners);
  });
});

describe('a snapshot that is applied', () => {
  it('judges the next request of an open connection', async () => {
    await pair.publish({ policies: [ALLOW_WEB] });
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    let sockets = 0;
    agent.on('free', () => {
      sockets += 1;
    });
    expect((await ask(peer(), { agent })).status).toBe(200);
    await pair.publish({ policies: [DENY_ALL] });
    expect((await ask(peer(), { agent })).status).toBe(403);
    await pair.publish({ policies: [ALLOW_WEB] });
    expect((await ask(peer(), { agent })).status).toBe(200);
    expect(sockets).toBe(3);
    agent.destroy();
    const inbound = (await pair.seen()).filter(({ direction }) => direction === 'inbound');
    expect(inbound.map(({ snapshotVersion, from }) => [snapshotVersion, from.port])).toEqual(
      [1, 2, 3].map((version) => [version, inbound[0]?.from.port]),
    );
  });

  it('STRICT ends a plaintext connection at its next request', async () => {
    await pair.publish({ mtls: 'PERMISSIVE' });
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const at = pair.at('orders-0', '8080');
    expect((await ask(at, { agent })).status).toBe(200);
    await pair.publish({ mtls: 'STRICT' });
    await expect(ask(at, { agent })).rejects.toThrow();
    agent.destroy();
    expect((await pair.seen()).map(({ decision }) => decision.reason)).toContain('plaintext-on-strict');
    expect(application.requests).toHaveLength(1);
  });

  it('keeps listeners that it still wants, and closes the others with their connections', async () => {
    const before = await pair.publish({ mtls: 'DISABLE' });
    const idle = net.connect(pair.at('orders-0', '8080'));
    await once(idle, 'connect');
    const closed = closeOf(idle);
    const after = await pair.publish({
      edit: (snapshot) => {
        const orders = snapshot.instances[1];
        if (orders) orders.inbound = [];
      },
    });
    await closed;
    expect(after).toEqual(before.filter(({ direction }) => direction === 'outbound'));
    expect(await ask(peer())).toMatchObject({ status: 503, body: 'no healthy upstream' });
  });

  it('new certificates drop no connection', async () => {
    await pair.publish({ policies: [ALLOW_WEB] });
    expect((await ask(peer())).status).toBe(200);
    const leaf = await pair.leaf({ spiffeId: 'spiffe://cluster.local/ns/shop/sa/orders', fault: 'none' });
    await pair.publish({
      policies: [ALLOW_WEB],
      edit: (snapshot) => {
        const orders = snapshot.instances[1];
        if (orders)
          orders.credentials = {
            certificateChainPem: leaf.certificateChainPem,
            privateKeyPem: leaf.privateKey.reveal(),
          };
      },
    });
    expect((await ask(peer())).status).toBe(200);
    const inbound = (await pair.seen()).filter(({ direction }) => direction === 'inbound');
    expect(inbound[0]?.from.port).toBe(inbound[1]?.from.port);
  });
});
