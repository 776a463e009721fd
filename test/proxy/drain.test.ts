import { once } from 'node:events';
import net from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Snapshot } from '../../proxy/snapshot.ts';
import { ask, closeOf, DENY_ALL } from '../support/sidecar-pair.ts';
import { ownPair } from '../support/use-pair.ts';

/** `orders` has left: neither instance nor endpoint. */
function withoutOrders(snapshot: Snapshot): void {
  snapshot.instances.splice(1, 1);
  for (const { ports } of snapshot.services) for (const port of ports) port.endpoints = [];
}

const REQUEST = 'GET /a HTTP/1.1\r\nHost: orders\r\n\r\n';

async function answerOn(socket: net.Socket): Promise<string> {
  socket.write(REQUEST);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  return answer.toString();
}

describe('an instance that leaves', () => {
  it('accepts nobody any more, and no sidecar chooses it', async () => {
    const { pair, application } = await ownPair({ drainMs: 60_000 });
    await pair.publish({ mtls: 'DISABLE' });
    const at = pair.at('orders-0', '8080');
    await pair.publish({ mtls: 'DISABLE', edit: withoutOrders });
    await expect(ask(at)).rejects.toThrow('ECONNREFUSED');
    expect((await ask(pair.at('web-0', 'orders:80'), { headers: { host: 'orders' } })).status).toBe(503);
    expect(application.requests).toEqual([]);
  });

  it('ends its open connections when the drain is over', async () => {
    const { pair } = await ownPair({ drainMs: 50 });
    await pair.publish({ mtls: 'DISABLE' });
    const open = net.connect(pair.at('orders-0', '8080'));
    await once(open, 'connect');
    const closed = closeOf(open);
    await pair.publish({ mtls: 'DISABLE', edit: withoutOrders });
    await closed;
  });

  it('judges what comes on open connections by the last policies that it had', async () => {
    const { pair, application } = await ownPair({ drainMs: 60_000 });
    await pair.publish({ mtls: 'DISABLE', policies: [DENY_ALL] });
    const open = net.connect(pair.at('orders-0', '8080'));
    await once(open, 'connect');
    expect(await answerOn(open)).toMatch(/^HTTP\/1.1 403/);
    await pair.publish({ mtls: 'DISABLE', edit: withoutOrders });
    expect(await answerOn(open)).toMatch(/^HTTP\/1.1 403/);
    open.destroy();
    expect(application.requests).toEqual([]);
    expect((await pair.seen()).map(({ snapshotVersion }) => snapshotVersion)).toEqual([1, 1]);
  });

  it('answers what it was asked already', async () => {
    const { pair } = await ownPair({ drainMs: 60_000 });
    await pair.publish({ mtls: 'DISABLE' });
    const open = net.connect(pair.at('orders-0', '8080'));
    await once(open, 'connect');
    expect(await answerOn(open)).toMatch(/^HTTP\/1.1 200/);
    await pair.publish({ mtls: 'DISABLE', edit: withoutOrders });
    expect(await answerOn(open)).toMatch(/^HTTP\/1.1 200/);
    open.destroy();
  });

  it('is judged by the newest policies again when it comes back', async () => {
    const { pair } = await ownPair({ drainMs: 60_000 });
    await pair.publish({ mtls: 'DISABLE' });
    const open = net.connect(pair.at('orders-0', '8080'));
    await once(open, 'connect');
    expect(await answerOn(open)).toMatch(/^HTTP\/1.1 200/);
    await pair.publish({ mtls: 'DISABLE', edit: withoutOrders });
    await pair.publish({ mtls: 'DISABLE', policies: [DENY_ALL] });
    expect(await answerOn(open)).toMatch(/^HTTP\/1.1 403/);
    open.destroy();
  });
});
