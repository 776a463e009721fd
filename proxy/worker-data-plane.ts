/**
 * Runs the data plane on worker threads, so that a busy control plane or window never slows a request. Owns that a
 * snapshot comes into force on all workers or on none, and what happens when one dies: its listeners are closed and
 * nothing passes, then a new one takes its place with the snapshot in force, on the same ports.
 */
import { messageOf } from '../model/message-of.ts';
import type { Problem } from '../model/problem.ts';
import type { SidecarsUsage } from '../model/usage.ts';
import { crashedEvent, restartedEvent, type Crash } from './crash-events.ts';
import type { DataPlane, DeclaredSource } from './data-plane.ts';
import type { EventSegment } from './events/event-segment.ts';
import { segmentOf } from './events/segment-reader.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import { now } from './moment.ts';
import { createSourceMemory } from './shared-sources.ts';
import { workerOf } from './share.ts';
import type { BoundListener, Snapshot, SnapshotAnswer } from './snapshot.ts';
import type { Prepared, Share, ShardAnswer } from './worker-messages.ts';
import { startShard, type Shard, type ShardCall } from './worker-shard.ts';

export interface DataPlaneOptions {
  limits?: Partial<Limits>;
  /** Threads over which the workloads are spread; default 1. */
  workers?: number;
}

/** A worker that dies more often than this within the window isn't started again: something is wrong for good. */
const MOST_RESTARTS = 5;
const RESTART_WINDOW_MS = 60_000;

/**
 * Resolves when the threads run; nothing listens before the first snapshot. Rejects when one of them ends or stands
 * still (`Limits.startTimeoutMs`) before it runs; no thread is left then.
 */
export async function startDataPlane({ limits, workers = 1 }: DataPlaneOptions = {}): Promise<DataPlane> {
  const plane = new WorkerDataPlane({ ...DEFAULT_LIMITS, ...limits }, workers);
  await plane.start();
  return plane;
}

interface InForce {
  snapshot: Snapshot;
  listeners: BoundListener[];
}

class WorkerDataPlane implements DataPlane {
  readonly #limits: Limits;
  readonly #count: number;
  readonly #sources: SharedArrayBuffer | null;
  /** null: it died and isn't back. */
  readonly #shards: (Shard | null)[] = [];
  readonly #crashes: number[] = [];
  #streams = 0;
  #inForce: InForce | null = null;
  /** Snapshots and restarts, one at a time. */
  #turn: Promise<unknown> = Promise.resolve();
  #lost: Error | null = null;
  #closing: Promise<void> | null = null;
  #early: EventSegment[] = [];
  #onEvents: ((segment: EventSegment) => void) | null = null;
  #onCrash: ((reason: Error) => void) | null = null;

  constructor(limits: Limits, count: number) {
    this.#limits = limits;
    this.#count = count;
    this.#sources = count > 1 ? createSourceMemory() : null;
  }

  async start(): Promise<void> {
    const indexes = Array.from({ length: this.#count }, (_, index) => index);
    const starts = await Promise.allSettled(indexes.map((index) => this.#startShard(index)));
    const failed = starts.find((start) => start.status === 'rejected');
    if (failed === undefined) return;
    await this.close();
    throw new Error(`a thread of the data plane didn't start: ${messageOf(failed.reason)}`, {
      cause: failed.reason,
    });
  }

  publish(snapshot: Snapshot): Promise<SnapshotAnswer> {
    return this.#inTurn(() => this.#publish(snapshot));
  }

  async declareSource(source: DeclaredSource): Promise<void> {
    await this.#everywhere({ kind: 'declare-source', source });
  }

  async drained(instance: string): Promise<void> {
    await this.#everywhere({ kind: 'drained', instance });
  }

  onEvents(sink: (events: EventSegment) => void): void {
    this.#onEvents = sink;
    for (const segment of this.#early.splice(0)) sink(segment);
  }

  onCrash(sink: (reason: Error) => void): void {
    this.#onCrash = sink;
    if (this.#lost !== null && this.#closing === null) sink(this.#lost);
  }

  async usage(): Promise<SidecarsUsage> {
    const answers = await Promise.all(this.#running().map((shard) => shard.call({ kind: 'usage' })));
    const sum = { cpuMicros: 0, memoryBytes: 0, work: {} };
    for (const answer of answers) {
      if (answer === null || !('work' in answer)) throw new Error('a worker answered without its usage');
      sum.cpuMicros += answer.cpuMicros;
      sum.memoryBytes += answer.memoryBytes;
      // A workload's instances are one worker's.
      Object.assign(sum.work, answer.work);
    }
    return sum;
  }

  async flush(): Promise<void> {
    await this.#everywhere({ kind: 'flush' });
  }

  close(): Promise<void> {
    this.#closing ??= this.#turn
      .then(() => Promise.all(this.#shards.map((shard) => shard?.close())))
      .then(() => undefined);
    return this.#closing;
  }

  async #publish(snapshot: Snapshot): Promise<SnapshotAnswer> {
    const shards = this.#running();
    const { problems, listeners } = await this.#prepare(shards, snapshot);
    if (problems.length > 0) {
      await Promise.all(shards.map((shard) => shard.call({ kind: 'rollback' })));
      return {
        kind: 'nack',
        version: snapshot.version,
        inForce: this.#inForce?.snapshot.version ?? null,
        problems,
      };
    }
    // From here on it is the one that a worker gets back that dies.
    this.#inForce = { snapshot, listeners };
    await Promise.allSettled(shards.map((shard) => shard.call({ kind: 'commit', listeners })));
    return { kind: 'ack', version: snapshot.version, listeners };
  }

  /** What all could prepare together; when one can't answer, nobody keeps it. */
  async #prepare(shards: readonly Shard[], snapshot: Snapshot): Promise<Prepared> {
    const answers = await Promise.allSettled(
      shards.map((shard) => shard.call({ kind: 'prepare', snapshot, taken: [] })),
    );
    const failed = answers.find((answer) => answer.status === 'rejected');
    if (failed !== undefined) {
      await Promise.allSettled(shards.map((shard) => shard.call({ kind: 'rollback' })));
      throw failed.reason;
    }
    const prepared = answers.flatMap((answer) =>
      answer.status === 'fulfilled' ? [prepareAnswer(answer.value)] : [],
    );
    return {
      problems: withoutRepetition(prepared.flatMap(({ problems }) => problems)),
      listeners: prepared.flatMap(({ listeners }) => listeners),
    };
  }

  /** All workers, or an error: with one of them missing nothing can be agreed. */
  #running(): Shard[] {
    if (this.#lost !== null) throw this.#lost;
    return this.#shards.map((shard) => {
      if (shard === null) throw new Error("a thread of the data plane has ended and isn't back yet");
      return shard;
    });
  }

  /** Tells every worker; one that dies meanwhile is told when it is back. */
  async #everywhere(message: ShardCall): Promise<void> {
    try {
      await Promise.all(this.#running().map((shard) => shard.call(message)));
    } catch (error) {
      await this.#turn;
      if (this.#lost !== null || this.#closing !== null) throw error;
      await Promise.all(this.#running().map((shard) => shard.call(message)));
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #startShard(index: number): Promise<Shard> {
    const share: Share = { index, count: this.#count };
    this.#streams += 1;
    const shard = await startShard({ limits: this.#limits, share, sources: this.#sources }, this.#streams, {
      events: (segment) => this.#tell(segment),
      ended: (reason) => this.#shardEnded(share, reason),
    });
    this.#shards[index] = shard;
    return shard;
  }

  #shardEnded(share: Share, reason: Error): void {
    this.#shards[share.index] = null;
    if (this.#closing !== null || this.#lost !== null) {
      this.#lost ??= reason;
      return;
    }
    const crash: Crash = { at: now(), reason, share, snapshot: this.#inForce?.snapshot ?? null };
    this.#tell(segmentOf([crashedEvent(crash)]));
    const since = performance.now() - RESTART_WINDOW_MS;
    this.#crashes.splice(
      0,
      this.#crashes.length,
      ...this.#crashes.filter((at) => at > since),
      performance.now(),
    );
    if (this.#crashes.length > MOST_RESTARTS) this.#give(reason);
    else void this.#inTurn(() => this.#restart(crash));
  }

  async #restart(crash: Crash): Promise<void> {
    if (this.#closing !== null || this.#lost !== null) return;
    const { share } = crash;
    let shard: Shard;
    try {
      shard = await this.#startShard(share.index);
    } catch (error) {
      this.#shardEnded(share, error instanceof Error ? error : crash.reason);
      return;
    }
    try {
      if (this.#inForce !== null) await this.#resume(shard, share, this.#inForce);
      this.#tell(segmentOf([restartedEvent({ ...crash, at: now() })]));
    } catch (error) {
      // One that died again is seen to by its own end; any other failure leaves the sidecars without listeners.
      if (this.#shards[share.index] === shard) this.#give(error instanceof Error ? error : crash.reason);
    }
  }

  /** Brings a new worker to where the others are. */
  async #resume(shard: Shard, share: Share, { snapshot, listeners }: InForce): Promise<void> {
    const workloads = new Map(snapshot.instances.map(({ id, workload }) => [id, workload]));
    const taken = listeners.filter(
      ({ instance }) => workerOf(workloads.get(instance) ?? '', share.count) === share.index,
    );
    const { problems } = prepareAnswer(await shard.call({ kind: 'prepare', snapshot, taken }));
    if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join('; '));
    await shard.call({ kind: 'commit', listeners });
  }

  /** For good: whoever is left is closed as well, since half a mesh would tell half the truth. */
  #give(reason: Error): void {
    this.#lost = reason;
    for (const shard of this.#shards) void shard?.close();
    if (this.#closing === null) this.#onCrash?.(reason);
  }

  #tell(segment: EventSegment): void {
    if (this.#onEvents === null) this.#early.push(segment);
    else this.#onEvents(segment);
  }
}

function prepareAnswer(answer: ShardAnswer): Prepared {
  if (answer === null || !('listeners' in answer)) throw new Error('a worker answered nothing to a snapshot');
  return answer;
}

/** Workers that look at the same snapshot see the same faults in it. */
function withoutRepetition(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((problem) => [problem.message, problem])).values()];
}
