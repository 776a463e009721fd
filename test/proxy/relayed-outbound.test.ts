import { once } from 'node:events';
import net from 'node:net';
import { beforeAll, describe, expect, it } from 'vitest';
import { proxyHeader, SECRET_TLV } from '../../wire/proxy-protocol.ts';
import { ALLOW_WEB, closeOf, WEB_IP, type Pair } from '../support/sidecar-pair.ts';
import { usePair } from '../support/use-pair.ts';

const SECRET = 'a1'.repeat(32);
const POD = '198.18.0.2';
const RELAY = { address: '198.18.0.3', port: 20_001 };
const REQUEST = 'GET /x HTTP/1.1\r\nHost: orders\r\nConnection: close\r\n\r\n';

describe('an outbound listener behind a relay', () => {
  let pair: Pair;

  usePair((both) => ({ pair } = both));
  beforeAll(async () => {
    await pair.publish({
      policies: [ALLOW_WEB],
      edit: ({ instances: [web] }) => {
        if (web) Object.assign(web, { relaySecret: SECRET, allowedOutboundPeers: [POD] });
      },
    });
  });

  const header = (secret: string, address = POD) =>
    Buffer.from(
      proxyHeader({
        source: { address, port: 40_000 },
        destination: RELAY,
        tlvs: [{ type: SECRET_TLV, value: Buffer.from(secret, 'hex') }],
      }),
    );

  /** Connects, does something, writes each part by itself, and tells what came back. */
  const say = async (
    parts: readonly (Buffer | string)[],
    first: (socket: net.Socket) => Promise<void> = async () => undefined,
  ): Promise<string> => {
    const socket = net.connect({ ...pair.at('web-0', 'orders:80'), noDelay: true });
    let answer = '';
    socket.on('data', (data: Buffer) => (answer += data.toString()));
    const closed = closeOf(socket);
    await once(socket, 'connect');
    await first(socket);
    for (const part of parts) await new Promise((resolve) => socket.write(part, resolve));
    await closed;
    return answer;
  };
  const refused = async (ip: string) =>
    expect(await pair.seen()).toMatchObject([
      { owner: 'web-0', direction: 'outbound', from: { ip }, decision: { reason: 'not-own-instance' } },
    ]);

  it.each([
    ['no header', [REQUEST]],
    ['a header without the secret', [header(''), REQUEST]],
    ['a header with another secret', [header('b2'.repeat(32)), REQUEST]],
    ['a header with the beginning of the secret', [header(SECRET.slice(0, 16)), REQUEST]],
  ])('answers nobody on loopback with %s, and records it', async (_what, parts) => {
    expect(await say(parts)).toBe('');
    await refused('127.0.0.1');
  });

  it('answers no address but its instance’s, and records the one that the relay saw', async () => {
    expect(await say([header(SECRET, '198.18.0.9'), REQUEST])).toBe('');
    await refused('198.18.0.9');
  });

  it.each([
    ['in one piece', [Buffer.concat([header(SECRET), Buffer.from(REQUEST)])]],
    ['in pieces', [header(SECRET).subarray(0, 7), header(SECRET).subarray(7), REQUEST]],
  ])('serves its instance, %s, under its own address', async (_how, parts) => {
    expect(await say(parts)).toMatch(/^HTTP\/1\.1 200/);
    const [event] = (await pair.seen()).filter(({ direction }) => direction === 'outbound');
    expect(event).toMatchObject({
      from: { instance: 'web-0', ip: WEB_IP, port: 40_000 },
      decision: { verdict: 'allow' },
    });
  });

  it('serves a caller that the session itself declared, without a header', async () => {
    const declare = (socket: net.Socket) =>
      pair.plane.declareSource({
        localAddress: socket.localAddress ?? '',
        localPort: socket.localPort ?? 0,
        ip: WEB_IP,
        tag: 'run/a/1',
      });
    expect(await say([REQUEST], declare)).toMatch(/^HTTP\/1\.1 200/);
    expect((await pair.seen()).map(({ tag }) => tag)).toContain('run/a/1');
  });
});
