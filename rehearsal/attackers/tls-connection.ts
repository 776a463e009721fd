/**
 * An attacker's TLS: any certificate or none, any ALPN, any server name. It never judges the server: an attacker
 * doesn't care whom he robs, and a scenario's claim is about what the mesh refuses.
 */
import type { Socket } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import type { Secret } from '../../model/secret.ts';
import { nameOf } from './exchange.ts';

export interface AttackTls {
  /** null = no client certificate. */
  certificate: { chainPem: string; privateKey: Secret } | null;
  alpn: readonly string[];
  serverName: string;
}

export type Handshake =
  | { kind: 'open'; stream: TLSSocket; version: string; alpn: string | null }
  | { kind: 'closed'; error: string | null };

/**
 * In TLS 1.3 the client is done before the server has looked at its certificate: `open` doesn't yet mean that
 * the certificate was taken. So the caller sends its request at once and lets the sidecar's event tell.
 */
export async function handshake(socket: Socket, tls: AttackTls, signal: AbortSignal): Promise<Handshake> {
  const stream = connect({
    socket,
    ...(tls.certificate ? { cert: tls.certificate.chainPem, key: tls.certificate.privateKey.reveal() } : {}),
    ALPNProtocols: [...tls.alpn],
    servername: tls.serverName,
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
    minVersion: 'TLSv1.2',
    // Weak keys (RSA 1024) are one of the faults; OpenSSL wouldn't present them at its default level.
    ciphers: 'DEFAULT@SECLEVEL=0',
  });
  let stop = (): void => undefined;
  try {
    return await new Promise<Handshake>((resolve, reject) => {
      let failure: string | null = null;
      const onAbort = (): void => {
        stream.destroy();
        reject(signal.reason);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      stop = () => signal.removeEventListener('abort', onAbort);
      stream.once('secureConnect', () => {
        resolve({
          kind: 'open',
          stream,
          version: stream.getProtocol() ?? 'unknown',
          alpn: stream.alpnProtocol || null,
        });
      });
      // Stays for the stream's whole life: an alert may come at any time after the handshake.
      stream.on('error', (error: Error) => {
        failure = nameOf(error);
      });
      stream.once('close', () => resolve({ kind: 'closed', error: failure }));
      if (signal.aborted) onAbort();
    });
  } finally {
    stop();
  }
}
