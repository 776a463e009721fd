/**
 * The vectors of Node's own parser through the pair: what it refuses strictly is refused before a byte of it reaches the
 * application, and what it takes fares the same in both lanes.
 */
import { once } from 'node:events';
import net from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { llhttpVectors } from '../support/llhttp-vectors.ts';
import { startRawUpstream, type RawUpstream } from '../support/raw-upstream.ts';
import { ALLOW_WEB, startPair, type Pair } from '../support/sidecar-pair.ts';

/**
 * Messages that never end are given up by themselves. Not so connections that are kept alive: those between the sidecars
 * would be too, and now and then under a request.
 */
const LIMITS = { headerTimeoutMs: 2_000, idleTimeoutMs: 10_000 };

const NEVER = Number.POSITIVE_INFINITY;

interface Side {
  upstream: RawUpstream;
  pair: Pair;
}

const sides: Side[] = [];

beforeAll(async () => {
  for (const lanes of ['both', 'general'] as const) {
    const upstream = await startRawUpstream(({ startLine }) => ({
      bytes: `HTTP/1.1 200 OK\r\ncontent-length: ${startLine.startsWith('HEAD') ? 0 : 2}\r\n\r\n${startLine.startsWith('HEAD') ? '' : 'ok'}`,
    }));
    const pair = await startPair(upstream.address, { ...LIMITS, lanes });
    await pair.publish({ policies: [ALLOW_WEB] });
    sides.push({ upstream, pair });
  }
});
afterAll(async () => {
  for (const { pair, upstream } of sides) {
    await pair.close();
    await upstream.close();
  }
});

/** Most vectors name no Host, or one that the mesh doesn't know; those parts aren't what they are about. */
function addressed(wire: string): string {
  const named = wire.replaceAll(/^Host:.*\r$/gim, 'Host: orders\r');
  return named === wire && !/^host\s*:/im.test(wire)
    ? wire.replaceAll(/^([A-Z]+ \S+ HTTP\/1\.1\r\n)/gm, '$1Host: orders\r\n')
    : named;
}

/** Status lines of whole answers, in order. */
function statuses(answer: string): string[] {
  return [...answer.matchAll(/HTTP\/1\.1 ([2-5]\d\d) /g)].map(([, status]) => status ?? '');
}

/** What came until the connection closed, or until so many answers were there. */
async function send({ pair }: Side, wire: string, answers: number): Promise<string[]> {
  const socket = net.connect({ ...pair.at('web-0', 'orders:80'), noDelay: true });
  let came = '';
  socket.on('data', (chunk: Buffer) => {
    came += chunk.toString('latin1');
    if (statuses(came).length >= answers) socket.destroy();
  });
  socket.on('error', () => undefined);
  socket.write(Buffer.from(wire, 'latin1'));
  await once(socket, 'close');
  return statuses(came);
}

it('refuses every strict error with the application untouched', async () => {
  for (const side of sides) {
    side.upstream.read.length = 0;
    const vectors = llhttpVectors('error').map(([, vector]) => vector);
    const answers = await Promise.all(vectors.map(({ wire }) => send(side, addressed(wire), NEVER)));
    const forwarded = answers.map((answer) => answer.filter((status) => status === '200').length);
    const tooMany = vectors.filter(({ messages }, index) => (forwarded[index] ?? 0) > messages);
    expect(tooMany.map(({ name }) => name)).toEqual([]);
    expect(side.upstream.read.filter((message) => typeof message === 'string')).toEqual([]);
    expect(side.upstream.read).toHaveLength(forwarded.reduce((sum, count) => sum + count, 0));
  }
});

it('answers what the strict parser takes the same in both lanes', async () => {
  const vectors = llhttpVectors('ok').map(([, vector]) => vector);
  const [fast = [], general = []] = await Promise.all(
    sides.map((side) =>
      Promise.all(
        vectors.map(async ({ name, wire, messages }) => [
          name,
          ...(await send(side, addressed(wire), messages === 0 ? NEVER : messages)),
        ]),
      ),
    ),
  );
  expect(fast).toEqual(general);
  expect(fast.filter((answer) => answer.includes('200')).length).toBeGreaterThan(10);
});
