/**
 * The same conversations over HTTP/2, gRPC among them, through Greenroom's pair and through a real Envoy pair that is
 * configured as Istio does it; differences are told in docs/deviations.md, as for HTTP/1.1.
 */
import net from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ByteStream } from '../support/byte-stream.ts';
import { type EnvoyPair, startEnvoyPair } from '../support/envoy-pair.ts';
import {
  converseHttp2,
  type ScriptedHttp2Application,
  startScriptedHttp2Application,
} from '../support/http2-conversation.ts';
import { describeWith } from '../support/requires.ts';
import { ALLOW_WEB, type Pair, startPair } from '../support/sidecar-pair.ts';
import { comparableHttp2 } from '../support/transcript.ts';
import { HTTP2_CONVERSATIONS } from './http2-conversations.ts';
import { DIFFERENT } from './told-differences.ts';

/** The answer to an upgrade, without its date. */
async function upgraded(at: { host: string; port: number }): Promise<string> {
  const socket = net.connect({ ...at, noDelay: true });
  const stream = new ByteStream(socket);
  socket.write(
    'GET /socket HTTP/1.1\r\nHost: orders\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  const head = String(await stream.until('\r\n\r\n'));
  const length = Number(/content-length: (\d+)/.exec(head)?.[1]);
  const body = String(await stream.take(length));
  socket.destroy();
  const lines = head
    .toLowerCase()
    .split('\r\n')
    .filter((line) => !line.startsWith('date:'));
  return [...lines.toSorted(), body].join('\n');
}

describeWith('envoy', 'a conversation over HTTP/2 is the same through Envoy', () => {
  let application: ScriptedHttp2Application;
  let ours: Pair;
  let theirs: EnvoyPair;

  beforeAll(async () => {
    application = await startScriptedHttp2Application();
    const address = { host: '127.0.0.1', port: application.port };
    [ours, theirs] = await Promise.all([startPair(address), startEnvoyPair('http2', application.port)]);
    await ours.publish({ policies: [ALLOW_WEB], protocol: 'http2' });
  });
  afterAll(async () => {
    await ours.close();
    await theirs.close();
    await application.close();
  });

  it('a WebSocket upgrade of an HTTP/1.1 client', async () => {
    const [envoy, greenroom] = [await upgraded(theirs.at), await upgraded(ours.at('web-0', 'orders:80'))];
    expect(greenroom).toEqual(envoy);
    expect(greenroom).toContain('503 service unavailable');
  });

  for (const [title, play] of Object.entries(HTTP2_CONVERSATIONS)) {
    it(DIFFERENT.has(title) ? `${title}: not the same, as told` : title, async () => {
      const envoy = await converseHttp2(theirs.at, application, play);
      const greenroom = await converseHttp2(ours.at('web-0', 'orders:80'), application, play);
      if (DIFFERENT.has(title)) expect(comparableHttp2(greenroom)).not.toEqual(comparableHttp2(envoy));
      else expect(comparableHttp2(greenroom)).toEqual(comparableHttp2(envoy));
    });
  }
});
