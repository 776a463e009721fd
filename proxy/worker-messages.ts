/** What a worker of the data plane and its owner say to each other. Plain values only. */
import type { Problem } from '../model/problem.ts';
import type { SidecarsUsage } from '../model/usage.ts';
import type { DeclaredSource } from './data-plane.ts';
import type { Limits } from './limits.ts';
import type { BoundListener, Snapshot } from './snapshot.ts';

/** Which sidecars are a worker's own: those of the workloads that fall to its index. */
export interface Share {
  index: number;
  count: number;
}

export interface WorkerSettings {
  limits: Limits;
  share: Share;
  /** Memory of the ring through which events leave (`events/ring.ts`). */
  ring: SharedArrayBuffer;
  /** Memory in which it shows that it gets on. */
  heart: SharedArrayBuffer;
  /** Memory in which workers tell each other whose their hops are; null where there is one. */
  sources: SharedArrayBuffer | null;
}

/**
 * A snapshot comes into force in two steps, so that all workers have it or none: each prepares what can fail, and
 * when all could, each is told where everybody's listeners are.
 */
export type ToWorker =
  /** `taken`: where its listeners were before a crash; they are bound there again. */
  | { kind: 'prepare'; call: number; snapshot: Snapshot; taken: readonly BoundListener[] }
  | { kind: 'commit'; call: number; listeners: readonly BoundListener[] }
  | { kind: 'rollback'; call: number }
  | { kind: 'declare-source'; call: number; source: DeclaredSource }
  | { kind: 'drained'; call: number; instance: string }
  | { kind: 'usage'; call: number }
  | { kind: 'flush'; call: number }
  | { kind: 'close'; call: number };

/** What a worker could prepare: its own listeners, or why it can't. */
export interface Prepared {
  problems: Problem[];
  listeners: BoundListener[];
}

/** null: done. */
export type ShardAnswer = Prepared | SidecarsUsage | null;

export type FromWorker =
  | { kind: 'ready' }
  /** The ring holds something. */
  | { kind: 'written' }
  | { kind: 'answered'; call: number; answer: ShardAnswer }
  /** A call threw: a bug, told to whoever called. */
  | { kind: 'threw'; call: number; message: string };
