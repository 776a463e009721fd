/**
 * Who a loopback connection really is in the model. Every hop of ours and every rehearsed attacker registers its
 * own socket here before its first byte; the listener that accepts it looks it up. It believes nobody else: a
 * connection that nobody registered keeps its socket's address.
 */
import type { Socket } from 'node:net';
import type { DeclaredSource } from './data-plane.ts';

/** The model's view of a connection's far end. */
export interface Source {
  /** Pod address. */
  ip: string;
  /** Instance behind it, where a sidecar of ours made the connection. */
  instance: string | null;
  /** `run/scenario/step`; a pooled connection carries the tag of the request it carries now. */
  tag: string | null;
}

/** Both ends of an accepted socket; kept, since a closed socket has forgotten them. */
export interface Endpoints {
  remoteAddress: string;
  remotePort: number;
  localAddress: string;
  localPort: number;
}

/** Declared, but never connected: only so many are remembered. */
const MAX_DECLARED = 10_000;

/** `::ffff:127.0.0.1` is 127.0.0.1. */
export function plainAddress(address: string | undefined): string {
  return address === undefined ? '' : address.startsWith('::ffff:') ? address.slice(7) : address;
}

export function endpointsOf(socket: Socket): Endpoints {
  return {
    remoteAddress: plainAddress(socket.remoteAddress),
    remotePort: socket.remotePort ?? 0,
    localAddress: plainAddress(socket.localAddress),
    localPort: socket.localPort ?? 0,
  };
}

export class ConnectionTable {
  readonly #hops = new Map<string, Source>();
  readonly #declared = new Map<string, Source>();

  /** Registers a connected socket of ours; gone when it closes. The caller may change `source.tag` later. */
  registerHop(socket: Socket, source: Source): void {
    const { localAddress, localPort, remoteAddress, remotePort } = endpointsOf(socket);
    const key = `${localAddress}|${localPort}|${remoteAddress}|${remotePort}`;
    this.#hops.set(key, source);
    socket.once('close', () => this.#hops.delete(key));
  }

  declare(source: DeclaredSource): void {
    const oldest = this.#declared.keys().next();
    if (this.#declared.size >= MAX_DECLARED && !oldest.done) this.#declared.delete(oldest.value);
    const key = `${plainAddress(source.localAddress)}|${source.localPort}`;
    this.#declared.set(key, { ip: source.ip, instance: null, tag: source.tag });
  }

  /**
   * Who is at the far end of an accepted socket. Ask when its first byte is there, not before: a hop registers
   * itself once its own side is connected, and the accepting side may learn of the connection earlier.
   */
  lookUp(accepted: Endpoints): Source | null {
    const from = `${accepted.remoteAddress}|${accepted.remotePort}`;
    const hop = this.#hops.get(`${from}|${accepted.localAddress}|${accepted.localPort}`);
    return hop ?? this.#declared.get(from) ?? null;
  }

  /** A declaration lasts as long as its connection: call when an accepted socket closed. */
  forget(accepted: Endpoints): void {
    this.#declared.delete(`${accepted.remoteAddress}|${accepted.remotePort}`);
  }
}
