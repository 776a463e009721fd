/** A pair of sidecars to measure: how it is started and where it listens. */
import type { BenchProtocol } from '../pair/cases.ts';
import type { Backend } from '../pair/backend.ts';
import type { Identities } from '../pair/identities.ts';

export interface PairSetting {
  backend: Backend;
  identities: Identities;
  /** For what the peer writes. */
  folder: string;
}

/** What a recording pair counted since its start. */
export interface RecordedCounts {
  events: number;
  denied: number;
  dropped: number;
}

export interface RunningPair {
  /** Where the client's side listens, for each protocol that the pair can carry. */
  ports: Partial<Record<BenchProtocol, number>>;
  /** Every process of both sidecars. */
  pids: readonly number[];
  counts?(): Promise<RecordedCounts>;
  stop(): Promise<void>;
}

export interface PairPeer {
  name: string;
  /** Denies by identity, method and path. */
  policy: boolean;
  /** null: everything it needs is here; else what is missing. */
  missing(): string | null;
  start(setting: PairSetting): Promise<RunningPair>;
}
