/** What both gates do with a connection that was accepted: they differ in what they choose by its hello. */
import type net from 'node:net';
import { close, helloFacts, type Refused, type Secured, swallow, within } from './admission.ts';
import { readFirstBytes } from './first-bytes.ts';
import { handshakeReason } from './handshake-reason.ts';
import type { InboundTls } from './tls-material.ts';

/** What a client says first, where that can be read. */
export type Hello = 'plaintext' | { sni: string | null; alpn: readonly string[] };

/** What `gate` makes of the connection; until then an error of it is the gate's alone. */
export async function atTheGate<T extends { kind: string }>(
  raw: net.Socket,
  gate: () => Promise<T | Refused>,
): Promise<T | Refused> {
  raw.on('error', swallow);
  const result = await gate();
  raw.off('error', swallow);
  // A closing socket may still report what its peer did to it.
  if (result.kind === 'refused') raw.on('error', swallow);
  return result;
}

/** Waits for what the client says first; whoever says nothing that can be read is refused. */
export async function hear(
  raw: net.Socket,
  timeoutMs: number,
): Promise<{ kind: 'heard'; hello: Hello } | Refused> {
  const first = await readFirstBytes(raw, timeoutMs);
  switch (first.kind) {
    case 'timeout':
      return close(raw, 'client-hello-timeout', 'no complete ClientHello in time');
    case 'closed':
      return close(raw, 'closed-early', 'the client closed before it had said anything');
    case 'invalid':
      return close(raw, 'malformed-client-hello', first.reason, 'filter_chain_not_found');
    case 'plaintext':
      return { kind: 'heard', hello: 'plaintext' };
    default:
      return { kind: 'heard', hello: { sni: first.sni, alpn: first.alpn } };
  }
}

/** The server's side of the handshake that `hello` begins. */
export async function shakeHands(
  raw: net.Socket,
  hello: Exclude<Hello, 'plaintext'>,
  tls: InboundTls,
  timeoutMs: number,
): Promise<Secured | Refused> {
  const end = await within<Secured>(raw, timeoutMs, (settle) => tls.handshake(raw, hello.alpn, settle));
  if (end.kind !== 'failed') return end;
  const { reason, details, message } = handshakeReason(end.error, 'client');
  return close(raw, reason, message, details, helloFacts(hello));
}
