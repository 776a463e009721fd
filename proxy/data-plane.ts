/**
 * The data plane as its owner sees it; `startDataPlane` (worker-data-plane.ts) runs it on a worker thread.
 */
import type { SidecarsUsage } from '../model/usage.ts';
import type { EventSegment } from './events/event-segment.ts';
import type { Snapshot, SnapshotAnswer } from './snapshot.ts';

/** Who a loopback connection really is, in the model: told before its first byte is sent. */
export interface DeclaredSource {
  /** The connecting socket's local address and port, as the listener sees them. */
  localAddress: string;
  localPort: number;
  /** Pod address it shall have. */
  ip: string;
  /** `run/scenario/step`, carried by every event of the connection, and on by the outbound hop. */
  tag: string | null;
}

export interface DataPlane {
  /** Applies the snapshot as a whole or not at all. */
  publish(snapshot: Snapshot): Promise<SnapshotAnswer>;
  /** Resolves when the data plane knows it; forgotten when the connection closes. */
  declareSource(source: DeclaredSource): Promise<void>;
  /**
   * Resolves when an instance that is no endpoint any more has nothing in flight at its inbound listeners, or has had
   * the drain duration for it.
   */
  drained(instance: string): Promise<void>;
  /** Events in the order they ended, some ms later, as bytes until somebody looks. Exactly one sink. */
  onEvents(sink: (events: EventSegment) => void): void;
  /** Called once when the worker died; its listeners are gone then (nothing passes). */
  onCrash(sink: (reason: Error) => void): void;
  /** What its threads have used and done since they began; a thread that took another's place began anew. */
  usage(): Promise<SidecarsUsage>;
  /** All events of connections that ended before the call have reached the sink when this resolves. */
  flush(): Promise<void>;
  /** Closes every listener and connection, then the worker. Idempotent. */
  close(): Promise<void>;
}
