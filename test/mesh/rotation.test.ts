/** New certificates while traffic runs: real sidecars, real services, connections held open all along. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Session } from '../../mesh/session.ts';
import { startSession } from '../../mesh/start-session.ts';
import { eventually } from '../support/patience.ts';
import { sampleMesh } from '../support/sample-mesh.ts';

const ROTATIONS = 3;
const STREAMS = 4;
const AFTER = 20;

let dataDir = '';
let session: Session;
beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'greenroom-rotation-'));
  const mesh = sampleMesh([{ name: 'web' }, { name: 'orders' }]);
  session = await startSession({ mesh, runtime: 'process', dataDir });
});
afterAll(async () => {
  await session.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

function listener(instance: string, key: string): { host: string; port: number } {
  const found = session.listeners().find((each) => each.instance === instance && each.key === key);
  if (!found) throw new Error(`no listener ${key} of ${instance}`);
  return { host: found.host, port: found.port };
}

async function ask(agent: Agent, path: string): Promise<number> {
  const sent = request({ ...listener('web-0', 'orders:80'), path, agent, headers: { host: 'orders' } });
  sent.end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  answer.resume();
  await once(answer, 'end');
  return answer.statusCode ?? 0;
}

async function openTls(): Promise<TLSSocket> {
  const leaf = await session.issueLeaf({ spiffeId: 'spiffe://cluster.local/ns/shop/sa/web', fault: 'none' });
  const socket = connect({
    ...listener('orders-0', '8080'),
    cert: leaf.certificateChainPem,
    key: leaf.privateKey.reveal(),
    ALPNProtocols: ['istio'],
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  });
  await once(socket, 'secureConnect');
  return socket;
}

async function askOn(socket: Socket, path: string): Promise<string> {
  let text = '';
  const read = (chunk: Buffer): void => {
    text += chunk.toString();
  };
  socket.on('data', read);
  socket.write(`GET ${path} HTTP/1.1\r\nHost: orders\r\n\r\n`);
  await eventually(`the answer to ${path}`, () => text.includes(path) || socket.destroyed);
  socket.off('data', read);
  return text.slice(0, 12);
}

describe('rotating the certificates', () => {
  it('drops no connection and leaves no request of a running stream unanswered', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: STREAMS });
    const sockets = new Set<Socket>();
    agent.on('free', (socket: Socket) => sockets.add(socket));
    const held = await openTls();
    const before = held.getPeerX509Certificate()?.fingerprint256;
    expect(await askOn(held, '/before')).toBe('HTTP/1.1 200');

    let rotated = false;
    const statuses: number[] = [];
    const stream = async (name: number): Promise<void> => {
      for (let after = 0; after < AFTER; after += rotated ? 1 : 0)
        statuses.push(await ask(agent, `/stream-${name}`));
    };
    const streams = Promise.all(Array.from({ length: STREAMS }, (_, name) => stream(name)));
    await eventually('traffic', () => statuses.length > STREAMS);
    for (let turn = 0; turn < ROTATIONS; turn += 1) await session.rotate();
    rotated = true;
    await streams;

    expect(statuses.filter((status) => status !== 200)).toEqual([]);
    expect(sockets.size).toBe(STREAMS);
    expect([...sockets].filter((socket) => socket.destroyed)).toEqual([]);
    expect(await askOn(held, '/after')).toBe('HTTP/1.1 200');
    expect(held.getPeerX509Certificate()?.fingerprint256).toBe(before);
    const fresh = await openTls();
    expect(fresh.getPeerX509Certificate()?.fingerprint256).not.toBe(before);

    await session.flush();
    const events = session.events({ limit: 10_000 });
    expect(events.filter(({ decision }) => decision.verdict === 'deny')).toEqual([]);
    const versions = new Set(events.map(({ snapshotVersion }) => snapshotVersion));
    expect(versions).toContain(1 + ROTATIONS);
    for (const socket of [held, fresh]) socket.destroy();
    agent.destroy();
  });
});
