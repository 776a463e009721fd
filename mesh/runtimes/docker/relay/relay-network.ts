/**
 * The relay driver: the engine's networks are out of this process's reach. One container of the session, the relay,
 * is in every pod's network: pods knock at its HAProxy, which says with a PROXY header whose connection it is, and a
 * channel over the engine's API carries it here, to the sidecar's listener; the other way, the channel dials the
 * application from the relay. Nothing listens for any of it outside of the relay but this process, on loopback.
 */
import { randomBytes } from 'node:crypto';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { EnvironmentError } from '../../../../model/environment-error.ts';
import { messageOf } from '../../../../model/message-of.ts';
import { takeProxyHeader } from '../../../../proxy/relayed-connection.ts';
import { proxyHeader, SECRET_TLV, type ProxyHeader } from '../../../../wire/proxy-protocol.ts';
import type { EgressPlan, InstancePlacement } from '../../runtime.ts';
import type { Engine } from '../engine.ts';
import { publishedAt } from '../gateway-network.ts';
import { labelsOf, type Owner } from '../labels.ts';
import { engineName } from '../names.ts';
import { createOwnNetwork } from '../own-network.ts';
import type { Canary, PodNetwork } from '../pod-network.ts';
import type { Pod } from '../pod.ts';
import type { Subnet } from '../subnets.ts';
import { tarOf } from '../tar.ts';
import { bridgeStreams } from './bridge-streams.ts';
import { openChannel, type RelayChannel } from './relay-channel.ts';
import {
  CHANNEL_COMMAND,
  FIRST_PORT,
  RELAY_COMMAND,
  RELAY_FOLDER,
  RELAY_USER,
  relayFiles,
} from './relay-files.ts';
import { createKeyPair } from './relay-keys.ts';

/** What instances are to labels, the relay is by this name. */
const NAME = 'relay';
/** Threads count: HAProxy has one for each processor, up to 64. */
const PROCESS_LIMIT = 256;
const LOOPBACK = '127.0.0.1';
const HEADER_TIMEOUT_MS = 10_000;
const PRESENCE_PATIENCE_MS = 30_000;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;

export interface RelayContext {
  engine: Engine;
  session: { id: string; mesh: string; owner: Owner };
  image: string;
  subnets: Iterator<Subnet, never>;
  /** How many peers' ports a pod may call. */
  ports: number;
  /** The channel is lost; it is being opened again until `onBack`. */
  onAway(why: string): void;
  onBack(): void;
}

/** Where a pod's knocks go. */
interface Door {
  listeners: Map<number, { host: string; port: number }>;
  canary: { visits: number } | null;
}

/** Starts the relay's container and the channel to it. */
export async function startRelay(context: RelayContext, signal: AbortSignal): Promise<PodNetwork> {
  const { engine, session, image } = context;
  const keys = { server: createKeyPair(), client: createKeyPair() };
  const name = engineName(session.id, NAME);
  await createOwnNetwork(context, { name, labels: labelsOf(session, NAME, 'network') }, signal);
  const container = await engine.createContainer({
    name,
    image,
    labels: labelsOf(session, NAME, 'relay'),
    command: RELAY_COMMAND,
    user: `${RELAY_USER.uid}:${RELAY_USER.gid}`,
    network: name,
    capabilitiesDropped: ['ALL'],
    securityOptions: ['no-new-privileges'],
    filesystem: 'read-only',
    writable: [RELAY_FOLDER],
    processLimit: PROCESS_LIMIT,
    // It is in all pods' networks, and no way from one to the other.
    sysctls: { 'net.ipv4.ip_forward': '0' },
  });
  await engine.putArchive(container, tarOf(relayFiles(context.ports, keys)), RELAY_FOLDER);
  signal.throwIfAborted();
  await engine.startContainer(container);
  const relay = new RelayNetwork(context, container, keys);
  await relay.open(signal);
  return relay;
}

class RelayNetwork implements PodNetwork {
  readonly driver = 'relay';
  readonly #context: RelayContext;
  readonly #container: string;
  readonly #keys: Parameters<typeof openChannel>[1];
  /** By which listeners know that a header is ours. */
  readonly #secret = randomBytes(32);
  /** By the relay's address in a pod's network. */
  readonly #doors = new Map<string, Door>();
  /** By the name of a pod's network: its door's address, and the ways to its application. */
  readonly #joined = new Map<string, { sidecar: string; servers: Server[] }>();
  readonly #sockets = new Set<Socket>();
  readonly #closing = new AbortController();
  #channel: RelayChannel | null = null;

  constructor(context: RelayContext, container: string, keys: Parameters<typeof openChannel>[1]) {
    this.#context = context;
    this.#container = container;
    this.#keys = keys;
  }

  async open(signal: AbortSignal): Promise<void> {
    const carrier = await this.#context.engine.execute(this.#container, CHANNEL_COMMAND);
    const channel = await openChannel(carrier, this.#keys, (stream) => void this.#handOn(stream), signal);
    if (this.#closing.signal.aborted) channel.close();
    this.#channel = channel;
    void channel.closed.then(() => this.#lost());
  }

  async join({ name, gateway }: Omit<Pod, 'sidecar'>): Promise<string> {
    const { engine } = this.#context;
    const sidecar = lastOf(gateway);
    this.#joined.set(name, { sidecar, servers: [] });
    await engine.joinNetwork(name, this.#container, sidecar);
    this.#doors.set(sidecar, { listeners: new Map(), canary: null });
    return sidecar;
  }

  async openCanary({ sidecar }: Pod): Promise<Canary> {
    await this.#present();
    const door = this.#door(sidecar);
    const canary = { visits: 0 };
    door.canary = canary;
    return {
      port: FIRST_PORT,
      visits: () => canary.visits,
      close: async () => {
        door.canary = null;
      },
    };
  }

  unreachable({ sidecar }: Pod): EnvironmentError {
    return new EnvironmentError(
      'relay-failed',
      `The relay takes no connection of a container at ${sidecar}, or doesn't hand it on.`,
      { hint: `what it says: docker logs ${engineName(this.#context.session.id, NAME)}` },
    );
  }

  async place(pod: Pod): Promise<InstancePlacement> {
    const ports = [...new Set(pod.workload.ports.map(({ targetPort }) => targetPort))];
    return {
      instance: pod.instance.id,
      inboundHost: LOOPBACK,
      outboundHost: LOOPBACK,
      upstreams: await Promise.all(
        ports.map(async (port) => ({
          port,
          host: LOOPBACK,
          upstreamPort: await this.#listenFor(pod, port),
          ...publishedAt(pod, port),
        })),
      ),
      allowedOutboundPeers: [pod.address],
      relaySecret: this.#secret.toString('hex'),
    };
  }

  egress({ sidecar }: Pod, egress: EgressPlan): EgressPlan {
    if (egress.peers.length > this.#context.ports)
      throw new Error(`${egress.peers.length} ways out, and the relay was made for ${this.#context.ports}`);
    const { listeners } = this.#door(sidecar);
    listeners.clear();
    const peers = egress.peers.map((peer, index) => {
      const port = FIRST_PORT + 1 + index;
      listeners.set(port, peer.listen);
      return { ...peer, listen: { host: sidecar, port } };
    });
    return { httpProxy: null, peers };
  }

  async knock({ address }: Pod, port: number): Promise<string | null> {
    try {
      (await this.#dial(address, port)).destroy();
      return null;
    } catch (error) {
      return messageOf(error);
    }
  }

  async leave(name: string): Promise<void> {
    const joined = this.#joined.get(name);
    if (joined === undefined) return;
    this.#doors.delete(joined.sidecar);
    for (const server of joined.servers) server.close();
    await this.#context.engine.leaveNetwork(name, this.#container);
    this.#joined.delete(name);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const { servers } of this.#joined.values()) for (const server of servers) server.close();
    for (const socket of this.#sockets) socket.destroy();
    this.#channel?.close();
    await this.#channel?.closed;
  }

  /** A port on loopback that leads to the application. */
  async #listenFor({ name, address }: Pod, port: number): Promise<number> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.#keep(socket);
      this.#dial(address, port).then(
        (stream) => bridgeStreams(socket, stream),
        () => socket.resetAndDestroy(),
      );
    });
    this.#joined.get(name)?.servers.push(server);
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, LOOPBACK, resolve));
    const bound = server.address();
    if (bound === null || typeof bound === 'string') throw new Error('a TCP listener without a port');
    return bound.port;
  }

  #dial(address: string, port: number): Promise<Duplex> {
    return this.#channel?.dial(address, port) ?? Promise.reject(new Error('the relay is away'));
  }

  /** What came to the relay: to the canary, or to the listener that the pod's rules meant. */
  async #handOn(stream: Duplex): Promise<void> {
    stream.on('error', () => stream.destroy());
    const header = await takeProxyHeader(stream, () => true, HEADER_TIMEOUT_MS);
    const door = header && this.#doors.get(header.destination.address);
    if (!header || !door) {
      stream.destroy();
      return;
    }
    const { port } = header.destination;
    if (port === FIRST_PORT && door.canary !== null) door.canary.visits += 1;
    const listener = door.listeners.get(port);
    if (listener === undefined) {
      stream.end();
      stream.resume();
      return;
    }
    const socket = connect({ ...listener, allowHalfOpen: true, noDelay: true });
    this.#keep(socket);
    socket.write(this.#signed(header));
    bridgeStreams(socket, stream);
  }

  #signed({ source, destination }: ProxyHeader): Uint8Array {
    return proxyHeader({ source, destination, tlvs: [{ type: SECRET_TLV, value: this.#secret }] });
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy()).once('close', () => this.#sockets.delete(socket));
  }

  #door(sidecar: string): Door {
    const door = this.#doors.get(sidecar);
    if (door === undefined) throw new Error(`no pod has its sidecar at ${sidecar}`);
    return door;
  }

  /** A relay that is being opened again is waited for, for a while. */
  async #present(): Promise<void> {
    const { signal } = this.#closing;
    const deadline = performance.now() + PRESENCE_PATIENCE_MS;
    while (this.#channel === null && !signal.aborted && performance.now() < deadline)
      await pause(FIRST_PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }

  /** Until it is back, what would have to go through it is refused. */
  async #lost(): Promise<void> {
    this.#channel = null;
    const { signal } = this.#closing;
    for (
      let pauseMs = FIRST_PAUSE_MS, told = '';
      !signal.aborted;
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
    ) {
      try {
        // It ends with the engine.
        await this.#context.engine.startContainer(this.#container).catch(() => undefined);
        await this.open(signal);
        if (told !== '') this.#context.onBack();
        return;
      } catch (error) {
        const why = messageOf(error);
        if (why !== told && !signal.aborted) this.#context.onAway(why);
        told = why;
      }
      await pause(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** The last address of a pod's network (a /29): the engine gives others away from the first one on. */
function lastOf(gateway: string): string {
  return gateway.replace(/\d+$/, (first) => String(Number(first) + 5));
}
