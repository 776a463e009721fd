import { duplexPair } from 'node:stream';
import ssh2 from 'ssh2';
import { describe, expect, it } from 'vitest';
import { openChannel } from '../../../../../mesh/runtimes/docker/relay/relay-channel.ts';
import { createKeyPair } from '../../../../../mesh/runtimes/docker/relay/relay-keys.ts';

const keys = { server: createKeyPair(), client: createKeyPair() };
const nobody = (): void => undefined;

describe('a channel to the relay that isn’t open yet', () => {
  it('is given up at once with its session, also where nobody answers', async () => {
    const [carrier] = duplexPair();
    const stop = new AbortController();
    const opening = openChannel(carrier, keys, nobody, stop.signal);
    stop.abort(new Error('interrupted'));
    await expect(opening).rejects.toThrow('interrupted');
    expect(carrier.destroyed).toBe(true);
  });

  it('isn’t begun where the session has ended', async () => {
    const [carrier] = duplexPair();
    const opening = openChannel(carrier, keys, nobody, AbortSignal.abort(new Error('interrupted')));
    await expect(opening).rejects.toThrow('interrupted');
    expect(carrier.destroyed).toBe(true);
  });

  it('has failed where the relay hangs up before it listens', async () => {
    const [carrier, far] = duplexPair();
    const server = new ssh2.Server({ hostKeys: [keys.server.privatePem] }, (client) => {
      client.on('error', nobody);
      client.on('authentication', (context) => context.accept());
      client.on('request', () => far.destroy());
    });
    server.injectSocket(Object.assign(far, { remoteAddress: '127.0.0.1' }) as never);
    far.on('close', () => carrier.destroy());
    await expect(openChannel(carrier, keys, nobody, new AbortController().signal)).rejects.toMatchObject({
      code: 'relay-failed',
    });
  });
});
