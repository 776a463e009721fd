import { once } from 'node:events';
import net from 'node:net';
import { describe, expect, it } from 'vitest';
import { Room } from '../../proxy/room.ts';
import { ALLOW_WEB, ask, closeOf } from '../support/sidecar-pair.ts';
import { ownPair } from '../support/use-pair.ts';

describe('connections that do not say what they are', () => {
  it('are refused above a bound, with an event, and the next one is served when one of them has ended', async () => {
    const { pair } = await ownPair({ maxUnfinished: 2 });
    await pair.publish({ policies: [ALLOW_WEB] });
    const open = async (): Promise<net.Socket> => {
      const socket = net.connect(pair.at('orders-0', '8080'));
      await once(socket, 'connect');
      return socket;
    };
    const silent = [await open(), await open()];
    await closeOf(await open());
    const [refused] = await pair.seen();
    expect(refused).toMatchObject({
      kind: 'connection',
      decision: { verdict: 'deny', phase: 'mtls', reason: 'too-many-handshakes' },
    });
    for (const socket of silent) {
      const closed = closeOf(socket);
      socket.end();
      await closed;
    }
    expect((await ask(pair.at('web-0', 'orders:80'))).status).toBe(200);
  });

  it('are counted for each listener by itself, and no longer than they last', () => {
    const unfinished = new Room(1);
    expect([unfinished.enter('a'), unfinished.enter('a'), unfinished.enter('b')]).toEqual([
      true,
      false,
      true,
    ]);
    unfinished.leave('a');
    expect([unfinished.enter('a'), unfinished.enter('b')]).toEqual([true, false]);
  });
});
