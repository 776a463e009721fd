/**
 * A mesh that never rests: policies change between allow and deny, leaves and roots rotate, instances of `orders`
 * come and go. It remembers when each snapshot version was in force and when each instance was told to stop.
 */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { issueLeaf } from '../../mesh/pki/issuer.ts';
import { createRoot, type Root } from '../../mesh/pki/root.ts';
import { createClock } from '../../model/clock.ts';
import type { InstanceSnapshot, Snapshot } from '../../proxy/snapshot.ts';
import {
  ALLOW_WEB,
  DENY_ALL,
  ORDERS,
  startApplication,
  WEB,
  type Application,
  type Pair,
} from '../support/sidecar-pair.ts';

/** When a version was in force, on `performance.now()`. */
interface Reign {
  verdict: 'allow' | 'deny';
  /** It was handed to the data plane then. */
  from: number;
  /** The next one was acknowledged then. */
  until: number;
}

type Credentials = InstanceSnapshot['credentials'];

const EXTRA = ['orders-1', 'orders-2', 'orders-3'];
const POLICY_MS = 200;
/** From the word to stop until its listeners close: longer than a request takes that has chosen it, on a busy machine. */
const DRAIN_MS = 2_500;
/** Roots that are trusted beside the newest: a handshake must not outlive its root. */
const FORMER_ROOTS = 3;
/** The sidecars' own drain, `limits.drainMs`. */
export const SIDECAR_DRAIN_MS = 2_000;

/** As a service does that is told to end: what it is asked already it still answers. */
async function leave({ server }: Application): Promise<void> {
  server.close();
  server.closeIdleConnections();
  await once(server, 'close');
}

export class StormMesh {
  readonly reigns = new Map<number, Reign>();
  /** When instances were told to stop. */
  readonly stops = new Map<string, number[]>();
  rotations = 0;
  rootRotations = 0;
  readonly #pair: Pair;
  readonly #first: Application;
  readonly #clock = createClock(() => Date.now());
  readonly #running = new Map<string, Application>();
  /** Their endpoints are out already. */
  readonly #draining = new Set<string>();
  #verdict: Reign['verdict'] = 'allow';
  #version = 0;
  #roots: Root[];
  #leaves = new Map<string, Credentials>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(pair: Pair, first: Application) {
    this.#pair = pair;
    this.#first = first;
    this.#roots = [pair.root];
  }

  /** The first snapshot. */
  async start(): Promise<void> {
    await this.#issue();
    await this.#publish();
  }

  /** Lives through all of its changes until `signal`; what it started is closed then. */
  async live(signal: AbortSignal): Promise<void> {
    const until = async (work: () => Promise<void>): Promise<void> => {
      while (!signal.aborted) await work();
    };
    await Promise.all([
      until(async () => {
        await delay(POLICY_MS);
        this.#verdict = this.#verdict === 'allow' ? 'deny' : 'allow';
        await this.#publish();
      }),
      until(async () => {
        await delay(500);
        await this.#rotate();
      }),
      ...EXTRA.map((id, index) =>
        until(async () => {
          await delay(400 + 300 * index);
          await this.#comeAndGo(id);
        }),
      ),
    ]);
    for (const application of this.#running.values()) await application.close();
  }

  async #comeAndGo(id: string): Promise<void> {
    this.#running.set(id, await startApplication((_request, response) => void response.end('ok')));
    await this.#publish();
    await delay(1_500);
    // As a session does: the endpoint goes first, the instance when its requests have had time to end.
    this.stops.set(id, [...(this.stops.get(id) ?? []), performance.now()]);
    this.#draining.add(id);
    await this.#publish();
    await delay(DRAIN_MS);
    const application = this.#running.get(id);
    this.#running.delete(id);
    this.#draining.delete(id);
    await this.#publish();
    // The service goes last, when its sidecar has nothing more to bring to it.
    await delay(SIDECAR_DRAIN_MS);
    if (application) await leave(application);
  }

  /**
   * New leaves; every third time a new root instead, which signs from the next time on: first everybody trusts it.
   * Its predecessors are trusted for some time yet.
   */
  async #rotate(): Promise<void> {
    this.rotations += 1;
    if (this.rotations % 3 === 0) {
      this.rootRotations += 1;
      this.#roots = [
        ...this.#roots.slice(-FORMER_ROOTS),
        await createRoot({ name: `root ${this.rotations}` }, this.#clock),
      ];
    } else await this.#issue();
    await this.#publish();
  }

  async #issue(): Promise<void> {
    const root = this.#roots.at(-1) as Root;
    const leaf = async (spiffeId: string): Promise<Credentials> => {
      const issued = await issueLeaf(root, { spiffeId, fault: 'none' }, this.#clock);
      return { certificateChainPem: issued.certificateChainPem, privateKeyPem: issued.privateKey.reveal() };
    };
    const ids = ['orders-0', ...EXTRA];
    const leaves = await Promise.all([leaf(WEB), ...ids.map(() => leaf(ORDERS))]);
    this.#leaves = new Map(['web-0', ...ids].map((id, index) => [id, leaves[index] as Credentials]));
  }

  #publish(): Promise<void> {
    const turn = this.#turn.then(() => this.#publishNow());
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #publishNow(): Promise<void> {
    const verdict = this.#verdict;
    this.#version += 1;
    const from = performance.now();
    this.reigns.set(this.#version, { verdict, from, until: Number.POSITIVE_INFINITY });
    await this.#pair.publish({
      version: this.#version,
      policies: [verdict === 'allow' ? ALLOW_WEB : DENY_ALL],
      edit: (snapshot) => this.#edit(snapshot),
    });
    const before = this.reigns.get(this.#version - 1);
    if (before) before.until = performance.now();
  }

  #edit(snapshot: Snapshot): void {
    snapshot.trustBundlePem = this.#roots.map(({ certificatePem }) => certificatePem);
    const orders = snapshot.instances.find(({ id }) => id === 'orders-0') as InstanceSnapshot;
    for (const [index, id] of EXTRA.entries()) {
      const application = this.#running.get(id);
      if (!application) continue;
      const inbound = orders.inbound.map((port) => ({ ...port, upstream: application.address }));
      snapshot.instances.push({ ...orders, id, podIp: `10.244.0.${10 + index}`, inbound });
      if (!this.#draining.has(id)) snapshot.services[0]?.ports[0]?.endpoints.push({ instance: id });
    }
    for (const instance of snapshot.instances)
      instance.credentials = this.#leaves.get(instance.id) as Credentials;
    for (const port of orders.inbound) port.upstream = this.#first.address;
  }
}
