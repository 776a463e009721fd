/**
 * The sidecars' certificates: one for each instance, renewed at half of its life by the session's clock, a little
 * earlier or later so that a whole mesh doesn't renew at once. `renewed` tells that new ones wait to be published.
 */
import type { Clock } from '../model/clock.ts';
import type { Mesh } from '../model/mesh.ts';
import type { Authority } from './authority.ts';
import type { IssuedLeaf } from './pki/leaf.ts';

/** Longest pause that a timer can hold. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const JITTER = 0.01;
/** After a renewal that failed. */
const RETRY_MS = 5_000;

export class Certificates {
  readonly #mesh: () => Mesh;
  readonly #authority: Pick<Authority, 'issue'>;
  readonly #clock: Clock;
  readonly #ttlMs: number;
  readonly #random: () => number;
  readonly #renewed: (leaves: ReadonlyMap<string, IssuedLeaf>) => Promise<void>;
  #leaves: ReadonlyMap<string, IssuedLeaf> = new Map();
  #renewAt = 0;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(more: {
    mesh: () => Mesh;
    authority: Pick<Authority, 'issue'>;
    clock: Clock;
    ttlMs: number;
    random?: () => number;
    /** Publishes them; resolves when they are in force. */
    renewed: (leaves: ReadonlyMap<string, IssuedLeaf>) => Promise<void>;
  }) {
    this.#mesh = more.mesh;
    this.#authority = more.authority;
    this.#clock = more.clock;
    this.#ttlMs = more.ttlMs;
    this.#random = more.random ?? Math.random;
    this.#renewed = more.renewed;
  }

  /** The first ones, not yet published. */
  async issueAll(): Promise<ReadonlyMap<string, IssuedLeaf>> {
    const { workloads, gateways = [] } = this.#mesh();
    const issuedAt = this.#clock.now();
    await this.#issue([
      ...workloads.flatMap(({ instances, spiffeId }) => instances.map(({ id }) => ({ id, spiffeId }))),
      ...gateways.map(({ instance, spiffeId }) => ({ id: instance.id, spiffeId })),
    ]);
    this.#renewAt = issuedAt + this.#ttlMs * (0.5 + JITTER * (2 * this.#random() - 1));
    this.schedule();
    return this.#leaves;
  }

  /** For instances that join; renewed with the others. Everybody's, not yet published. */
  async issueFor(
    instances: readonly { id: string; spiffeId: string }[],
  ): Promise<ReadonlyMap<string, IssuedLeaf>> {
    await this.#issue(instances);
    return this.#leaves;
  }

  /** They are no part of the mesh any more. */
  forget(instances: readonly string[]): void {
    this.#leaves = new Map([...this.#leaves].filter(([id]) => !instances.includes(id)));
  }

  /** New ones at once. */
  async rotate(): Promise<void> {
    const before = { leaves: this.#leaves, renewAt: this.#renewAt };
    const leaves = await this.issueAll();
    try {
      await this.#renewed(leaves);
    } catch (error) {
      // The old ones are still in use, and it is their end that counts.
      this.#leaves = new Map([...this.#leaves, ...before.leaves]);
      this.#renewAt = before.renewAt;
      this.schedule();
      throw error;
    }
  }

  validity(instance: string): { notAfter: number; renewAt: number } | null {
    const leaf = this.#leaves.get(instance);
    return leaf ? { notAfter: leaf.notAfter, renewAt: this.#renewAt } : null;
  }

  /** Sets the timer by the clock as it is now: to be called again when the clock was moved. */
  schedule(): void {
    this.#wait(Math.max(0, this.#renewAt - this.#clock.now()));
  }

  close(): void {
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
  }

  /** Beside those of others: who joins meanwhile keeps its own. */
  async #issue(instances: readonly { id: string; spiffeId: string }[]): Promise<void> {
    const issued = await Promise.all(
      instances.map(async ({ id, spiffeId }) => {
        const leaf = await this.#authority.issue({ spiffeId, fault: 'none', ttlMs: this.#ttlMs });
        return [id, leaf] as const;
      }),
    );
    this.#leaves = new Map([...this.#leaves, ...issued]);
  }

  #wait(pauseMs: number): void {
    if (this.#timer) clearTimeout(this.#timer);
    if (this.#closed) return;
    this.#timer = setTimeout(
      () => {
        if (this.#clock.now() < this.#renewAt) this.schedule();
        else this.rotate().catch(() => this.#wait(RETRY_MS));
      },
      Math.min(pauseMs, LONGEST_TIMER_MS),
    ).unref();
  }
}
