/**
 * Who a loopback connection really is in the model. Every hop of ours and every rehearsed attacker registers its
 * own socket here before its first byte; the listener that accepts it looks it up. It believes nobody else: a
 * connection that nobody registered keeps its socket's address.
 */
import type { Socket } from 'node:net';
import type { DeclaredSource } from './data-plane.ts';
import type { SharedSources } from './shared-sources.ts';

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

/** A declared source, and the listener that its connection came to; null = not yet. */
interface Declaration {
  source: Source;
  usedAt: string | null;
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

/** A hop of ours; whoever sends a request on it says whose it is. */
export class Hop implements Source {
  readonly ip: string;
  readonly instance: string | null;
  #tag: string | null;
  #changed: () => void = () => undefined;

  constructor({ ip, instance, tag }: Source) {
    this.ip = ip;
    this.instance = instance;
    this.#tag = tag;
  }

  get tag(): string | null {
    return this.#tag;
  }

  set tag(tag: string | null) {
    if (tag === this.#tag) return;
    this.#tag = tag;
    this.#changed();
  }

  /** `sink` is called at each change of the tag. */
  onChange(sink: () => void): void {
    this.#changed = sink;
  }
}

export class ConnectionTable {
  readonly #hops = new Map<string, Source>();
  readonly #streams = new WeakMap<Endpoints, Source>();
  readonly #declared = new Map<string, Declaration>();
  #declarations = 0;
  readonly #shared: SharedSources | null;

  /** `shared`: hops of other threads; null where there is one thread. */
  constructor(shared: SharedSources | null = null) {
    this.#shared = shared;
  }

  /** Registers a connected socket of ours; gone when it closes. The caller may change `hop.tag` later. */
  registerHop(socket: Socket, hop: Hop): void {
    const { localAddress, localPort, remoteAddress, remotePort } = endpointsOf(socket);
    const key = `${localAddress}|${localPort}|${remoteAddress}|${remotePort}`;
    this.#hops.set(key, hop);
    socket.once('close', () => this.#hops.delete(key));
    const shared = this.#shared;
    if (shared === null) return;
    const seen: Endpoints = {
      remoteAddress: localAddress,
      remotePort: localPort,
      localAddress: remoteAddress,
      localPort: remotePort,
    };
    shared.tell(seen, hop);
    hop.onChange(() => shared.tell(seen, hop));
    socket.once('close', () => shared.forget(seen));
  }

  /** Registers a stream of a connection of ours, by the very object that its ends are kept in. */
  registerStream(ends: Endpoints, source: Source): void {
    this.#streams.set(ends, source);
  }

  declare(source: DeclaredSource): void {
    const oldest = this.#declared.keys().next();
    if (this.#declared.size >= MAX_DECLARED && !oldest.done) this.#declared.delete(oldest.value);
    const key = `${plainAddress(source.localAddress)}|${source.localPort}`;
    this.#declarations += 1;
    const { ip, tag } = source;
    this.#declared.set(key, { source: { ip, instance: null, tag }, usedAt: null });
  }

  /**
   * Who is at the far end of an accepted socket. Ask when its first byte is there, not before: a hop registers
   * itself once its own side is connected, and the accepting side may learn of the connection earlier.
   */
  lookUp(accepted: Endpoints): Source | null {
    const from = `${accepted.remoteAddress}|${accepted.remotePort}`;
    const hop = this.#hops.get(`${from}|${accepted.localAddress}|${accepted.localPort}`);
    const known =
      this.#streams.get(accepted) ?? hop ?? this.#declaredFor(accepted) ?? this.#shared?.lookUp(accepted);
    // A copy: the hop will carry other requests.
    return known === undefined || known === null
      ? null
      : { ip: known.ip, instance: known.instance, tag: known.tag };
  }

  /**
   * The same without a copy, for whoever holds the connection: an entry that lasts as long as it, its tag following
   * what is sent. null = a stranger, until `changes` does.
   */
  entry(accepted: Endpoints): Source | null {
    const stream = this.#streams.get(accepted);
    if (stream !== undefined) return stream;
    const { remoteAddress, remotePort, localAddress, localPort } = accepted;
    const hop = this.#hops.get(`${remoteAddress}|${remotePort}|${localAddress}|${localPort}`);
    return hop ?? this.#declaredFor(accepted);
  }

  /** A declaration is for one connection: the first listener that asks has it. */
  #declaredFor({ remoteAddress, remotePort, localAddress, localPort }: Endpoints): Source | null {
    const declared = this.#declared.get(`${remoteAddress}|${remotePort}`);
    if (declared === undefined) return null;
    declared.usedAt ??= `${localAddress}|${localPort}`;
    return declared.usedAt === `${localAddress}|${localPort}` ? declared.source : null;
  }

  /** A number that is another one when a stranger may have become known; null = it may at any time. */
  get changes(): number | null {
    return this.#shared === null ? this.#declarations : null;
  }

  /** A declaration lasts as long as its connection: call when an accepted socket closed. */
  forget({ remoteAddress, remotePort, localAddress, localPort }: Endpoints): void {
    const from = `${remoteAddress}|${remotePort}`;
    // A client's port may serve its next connection, to another listener, before this one's end is told here.
    if (this.#declared.get(from)?.usedAt === `${localAddress}|${localPort}`) this.#declared.delete(from);
  }
}
