/** What a bench and the Greenroom that it measures say to each other. */
import type { BenchProtocol } from '../pair/cases.ts';
import type { RecordedCounts } from './pair-peer.ts';

export interface GreenroomSetting {
  /** Where the recording goes. */
  dataDir: string;
  /** Without: everybody may do everything. */
  policy: boolean;
  upstreams: { http1: number; http2: number };
  /** So many sidecars besides the measured two. */
  others: number;
}

export type ToGreenroom = { kind: 'count' };

export type FromGreenroom =
  | {
      kind: 'ready';
      ports: Record<BenchProtocol, number>;
      /** Where each of the others listens for its own application. */
      others: readonly number[];
      /** From the first line of the program to the first ACK. */
      startMs: number;
    }
  | { kind: 'counted'; counts: RecordedCounts };
