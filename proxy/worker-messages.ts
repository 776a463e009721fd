/** What the data plane's worker and its owner say to each other. Plain values only. */
import type { DeclaredSource } from './data-plane.ts';
import type { Limits } from './limits.ts';
import type { Snapshot, SnapshotAnswer } from './snapshot.ts';

export interface WorkerSettings {
  limits: Limits;
  /** Memory of the ring through which events leave (`events/ring.ts`). */
  ring: SharedArrayBuffer;
}

export type ToWorker =
  | { kind: 'publish'; call: number; snapshot: Snapshot }
  | { kind: 'declare-source'; call: number; source: DeclaredSource }
  | { kind: 'flush'; call: number }
  | { kind: 'close'; call: number };

export type FromWorker =
  | { kind: 'ready' }
  /** The ring holds something. */
  | { kind: 'written' }
  | { kind: 'answered'; call: number; answer: SnapshotAnswer | null }
  /** A call threw: a bug, told to whoever called. */
  | { kind: 'threw'; call: number; message: string };
