/** What the data plane's worker and its owner say to each other. Plain values only. */
import type { TrafficEvent } from '../model/traffic-event.ts';
import type { DeclaredSource } from './data-plane.ts';
import type { Limits } from './limits.ts';
import type { Snapshot, SnapshotAnswer } from './snapshot.ts';

export interface WorkerSettings {
  limits: Limits;
}

export type ToWorker =
  | { kind: 'publish'; call: number; snapshot: Snapshot }
  | { kind: 'declare-source'; call: number; source: DeclaredSource }
  | { kind: 'flush'; call: number }
  | { kind: 'close'; call: number };

export type FromWorker =
  | { kind: 'ready' }
  | { kind: 'events'; events: TrafficEvent[] }
  | { kind: 'answered'; call: number; answer: SnapshotAnswer | null }
  /** A call threw: a bug, told to whoever called. */
  | { kind: 'threw'; call: number; message: string };
