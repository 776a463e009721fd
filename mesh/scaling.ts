/**
 * A service gets more or fewer instances while it runs. As in a cluster, a new one is called once it is ready, and
 * one that leaves is called no more before anything of it stops. The last instances leave first.
 */
import { EnvironmentError } from '../model/environment-error.ts';
import type { Instance, Mesh, Workload } from '../model/mesh.ts';
import { messageOf } from '../model/message-of.ts';
import { MOST_REPLICAS, withReplicas } from '../model/replicas.ts';
import type { DataPlane } from '../proxy/data-plane.ts';
import type { Availability } from './availability.ts';
import type { Certificates } from './certificates.ts';
import { egressPlan } from './egress-plan.ts';
import { InTurn } from './in-turn.ts';
import type { InstancePlacement, Runtime } from './runtimes/runtime.ts';
import type { SessionBoard } from './session-board.ts';
import type { SessionPublishing } from './session-publishing.ts';
import type { SnapshotInput } from './snapshot.ts';
import { withRemains } from './with-remains.ts';

export interface ScalingParts {
  mesh(): Mesh;
  /** Takes over what `change` makes of the mesh, after edits that are under way. */
  edit(change: (mesh: Mesh) => Promise<Mesh>): Promise<void>;
  board: SessionBoard;
  availability: Availability;
  placements: Map<string, InstancePlacement>;
  publishing: SessionPublishing;
  /** What there is once the session has come so far. */
  started(): { certificates: Certificates; runtime: Runtime; dataPlane: DataPlane };
  /** Aborted = the session stops, and everything with it. */
  signal: AbortSignal;
}

export class Scaling {
  readonly #parts: ScalingParts;
  readonly #turns = new InTurn();
  /** By workload: those that leave, or didn't come; until nothing is left of them. */
  readonly #leaving = new Map<string, readonly Instance[]>();

  constructor(parts: ScalingParts) {
    this.#parts = parts;
  }

  /**
   * Resolves when the service has `count` instances that are ready, and nothing is left of the others. When one
   * doesn't start, all new ones are taken away again, and that one's reason is thrown. What could not be removed
   * (`not-removed`) is removed before anything else, the next time.
   */
  scale(service: string, count: number): Promise<void> {
    return this.#turns.run(() => this.#scale(service, count));
  }

  async #scale(service: string, count: number): Promise<void> {
    const { mesh, board } = this.#parts;
    if (board.phase !== 'running')
      throw new EnvironmentError('not-running', `the session is ${board.phase}: nothing can be scaled`);
    const workload = scalable(mesh(), service, count);
    const left = this.#leaving.get(workload.id) ?? [];
    const sound = workload.instances.filter(({ id }) => !left.some((one) => one.id === id));
    const kept = sized(mesh(), workload.id, Math.min(count, sound.length));
    const leaving = [...sound.slice(count), ...left];
    if (leaving.length > 0) await this.#leave(kept, leaving);
    const scaled = sized(mesh(), workload.id, count);
    const joining = scaled.instances.slice(kept.instances.length);
    if (joining.length > 0) await this.#join(kept, scaled, joining);
  }

  async #join(before: Workload, workload: Workload, joining: readonly Instance[]): Promise<void> {
    const { availability, publishing } = this.#parts;
    const ids = joining.map(({ id }) => id);
    // Before anybody knows them: nobody may be sent to them yet.
    availability.expect(ids);
    try {
      await this.#prepare(workload, joining);
    } catch (error) {
      await this.#takeBack(error, async () => {
        await this.#remove(workload, joining);
        this.#forget(workload, ids);
      });
    }
    try {
      await this.#start(ids);
      await publishing.settled();
    } catch (error) {
      await this.#takeBack(error, () => this.#leave(before, joining));
    }
  }

  /** Throws why they didn't come, and what then could not be removed. */
  async #takeBack(error: unknown, clear: () => Promise<void>): Promise<never> {
    // With the session everything goes.
    if (this.#parts.signal.aborted) throw error;
    await clear().catch((remains: unknown) => {
      throw withRemains('scaling', error, remains);
    });
    throw error;
  }

  /** Places, certificates and sidecars. */
  async #prepare(workload: Workload, joining: readonly Instance[]): Promise<void> {
    const { availability, placements, signal } = this.#parts;
    const { certificates, runtime } = this.#parts.started();
    const prepared = await runtime.prepare(
      joining.map((instance) => ({ instance, workload })),
      signal,
    );
    for (const placement of prepared) placements.set(placement.instance, placement);
    const credentials = await certificates.issueFor(
      joining.map(({ id }) => ({ id, spiffeId: workload.spiffeId })),
    );
    await this.#edit(workload, { credentials, unavailable: availability.down });
  }

  /** What fails first takes the others with it: their errors would hide the reason. */
  async #start(instances: readonly string[]): Promise<void> {
    const { mesh, publishing, signal } = this.#parts;
    const { runtime } = this.#parts.started();
    const failed = new AbortController();
    const either = AbortSignal.any([signal, failed.signal]);
    await Promise.all(
      instances.map(async (id) => {
        const egress = egressPlan(mesh(), id, publishing.listeners);
        await runtime.start(id, egress, either).catch((error: unknown) => failed.abort(error));
      }),
    );
    either.throwIfAborted();
  }

  /** `remaining`: the workload without them. */
  async #leave(remaining: Workload, leaving: readonly Instance[]): Promise<void> {
    const { board, availability, publishing } = this.#parts;
    const { dataPlane } = this.#parts.started();
    const ids = leaving.map(({ id }) => id);
    this.#leaving.set(remaining.id, leaving);
    for (const id of ids) board.instance(id, 'stopping', 'scaled down: it answers what it was asked');
    availability.retire(ids);
    await publishing.accepted({ unavailable: availability.down }, `fewer endpoints of ${remaining.id}`);
    await Promise.all(ids.map((id) => dataPlane.drained(id)));
    await this.#remove(remaining, leaving);
    // Its sidecar last: what it said while it stopped still found a way out.
    await this.#edit(remaining, {});
    this.#forget(remaining, ids);
  }

  async #remove({ id }: Workload, leaving: readonly Instance[]): Promise<void> {
    this.#leaving.set(id, leaving);
    const ids = leaving.map((instance) => instance.id);
    await this.#parts
      .started()
      .runtime.remove(ids)
      .catch((cause: unknown) => {
        throw notRemoved(id, ids, cause);
      });
  }

  /** Takes the workload over with its instances. */
  async #edit({ id, instances }: Workload, change: Partial<SnapshotInput>): Promise<void> {
    const { edit, publishing } = this.#parts;
    await edit(async (current) => {
      const mesh = withReplicas(current, id, instances.length);
      await publishing.accepted({ ...change, mesh }, `${instances.length} instances of ${id}`);
      return mesh;
    });
  }

  /** No snapshot has them any more, and the runtime nothing of theirs. */
  #forget({ id: workload }: Workload, ids: readonly string[]): void {
    const { placements, availability, board } = this.#parts;
    const { certificates } = this.#parts.started();
    for (const id of ids) placements.delete(id);
    certificates.forget(ids);
    availability.forget(ids);
    board.forget(ids);
    this.#leaving.delete(workload);
  }
}

/** The workload with another number of instances. */
function sized(mesh: Mesh, id: string, count: number): Workload {
  const workload = withReplicas(mesh, id, count).workloads.find((one) => one.id === id);
  if (workload === undefined) throw new Error(`no workload ${id} in the mesh`);
  return workload;
}

function notRemoved(service: string, instances: readonly string[], cause: unknown): EnvironmentError {
  const hint = cause instanceof EnvironmentError ? cause.hint : null;
  return new EnvironmentError(
    'not-removed',
    `${instances.join(', ')} could not be removed: ${messageOf(cause)}`,
    {
      hint: hint ?? `scale ${service} again once that is mended: what is left is removed first`,
      cause,
    },
  );
}

function scalable(mesh: Mesh, service: string, count: number): Workload {
  const workload = mesh.workloads.find(({ id }) => id === service);
  if (workload === undefined) {
    throw new EnvironmentError('no-service', `there is no service ${service} in ${mesh.name}`, {
      hint: `there are: ${mesh.workloads.map(({ id }) => id).join(', ')}`,
    });
  }
  if (workload.run.attach !== null) {
    throw new EnvironmentError(
      'attached',
      `${service} is attached (${workload.run.attach}): there is one of it, and you started it yourself`,
      { hint: 'its life is where you started it; give it a `command` or an `image` to have more of it' },
    );
  }
  if (!Number.isInteger(count) || count < 0 || count > MOST_REPLICAS) {
    throw new EnvironmentError(
      'replicas',
      `${service} can have 0 to ${MOST_REPLICAS} instances, not ${count}`,
    );
  }
  return workload;
}
