/**
 * The channel between this process and the relay: SSH over the standard input and output of a program that the
 * engine starts in the relay's container. So it goes wherever the engine's own API goes, nothing listens for it
 * anywhere, and it ends with this process. Owns the one connection; ssh2 is imported here and in relay-keys.ts.
 */
import type { Duplex } from 'node:stream';
import ssh2 from 'ssh2';
import { EnvironmentError } from '../../../../model/environment-error.ts';
import { messageOf } from '../../../../model/message-of.ts';
import { LOGIN, WAY_TO_US } from './relay-files.ts';
import type { KeyPair } from './relay-keys.ts';

const OPENING_TIMEOUT_MS = 20_000;

export interface RelayChannel {
  /** A connection to an address that the relay reaches; rejects with the reason why there is none. */
  dial(host: string, port: number): Promise<Duplex>;
  /** Resolves when it is over, whoever ended it. */
  readonly closed: Promise<void>;
  close(): void;
}

/**
 * Opens it over `carrier`. `onCall`: a connection that came to the relay's way to us. Rejects with the signal's reason
 * when that is aborted before it is open.
 * @throws EnvironmentError `relay-failed`
 */
export async function openChannel(
  carrier: Duplex,
  keys: { server: KeyPair; client: KeyPair },
  onCall: (stream: Duplex) => void,
  signal: AbortSignal,
): Promise<RelayChannel> {
  const client = new ssh2.Client();
  const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
  const over = Promise.withResolvers<never>();
  over.promise.catch(() => undefined);
  const abort = (): void => over.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  client.once('error', over.reject);
  void closed.then(() => over.reject(new Error('the relay hung up')));
  const step = (begin: (done: () => void, failed: (why: unknown) => void) => void): Promise<void> =>
    Promise.race([new Promise<void>(begin), over.promise]);
  try {
    signal.throwIfAborted();
    await step((ready) => {
      client.once('ready', ready);
      client.connect({
        sock: carrier,
        username: LOGIN,
        privateKey: keys.client.privatePem,
        hostVerifier: (key: Buffer) => key.equals(keys.server.publicBlob),
        readyTimeout: OPENING_TIMEOUT_MS,
        keepaliveInterval: 15_000,
        keepaliveCountMax: 4,
        algorithms: { cipher: ['aes128-gcm@openssh.com'], compress: ['none'] },
      });
    });
    client.on('error', () => client.end());
    client.on('tcp connection', (_details, accept) => {
      onCall(accept());
    });
    await step((done, failed) => {
      client.forwardIn(WAY_TO_US.host, WAY_TO_US.port, (error) => (error ? failed(error) : done()));
    });
  } catch (cause) {
    client.on('error', () => undefined);
    client.end();
    carrier.destroy();
    signal.throwIfAborted();
    const why = messageOf(cause);
    throw new EnvironmentError('relay-failed', `The relay's container can't be spoken to: ${why}`, { cause });
  } finally {
    signal.removeEventListener('abort', abort);
  }
  return {
    dial: (host, port) =>
      new Promise((resolve, reject) => {
        client.forwardOut(WAY_TO_US.host, 0, host, port, (error, stream) =>
          error ? reject(error) : resolve(stream),
        );
      }),
    closed,
    close: () => {
      client.end();
      carrier.destroy();
    },
  };
}
