/** A data plane that binds nothing: keeps what it is given and answers as it is told. */
import type { DataPlane } from '../../proxy/data-plane.ts';
import type { BoundListener, Snapshot } from '../../proxy/snapshot.ts';

export interface FakeDataPlane {
  dataPlane: DataPlane;
  /** Those it acknowledged. */
  snapshots: Snapshot[];
  crash(reason: Error): void;
}

export function fakeDataPlane({
  refuse = () => false,
}: {
  refuse?: (snapshot: Snapshot) => boolean;
} = {}): FakeDataPlane {
  const snapshots: Snapshot[] = [];
  let onCrash: (reason: Error) => void = () => undefined;
  const dataPlane: DataPlane = {
    async publish(snapshot) {
      const { version } = snapshot;
      if (refuse(snapshot)) {
        const problems = [
          { code: 'refused', severity: 'error' as const, message: `snapshot ${version} is refused` },
        ];
        return { kind: 'nack', version, inForce: snapshots.at(-1)?.version ?? null, problems };
      }
      snapshots.push(structuredClone(snapshot));
      return { kind: 'ack', version, listeners: listenersOf(snapshot) };
    },
    declareSource: async () => undefined,
    onEvents: () => undefined,
    onCrash: (sink) => {
      onCrash = sink;
    },
    drained: async () => undefined,
    usage: async () => ({ cpuMicros: 0, memoryBytes: 0, work: {} }),
    flush: async () => undefined,
    close: async () => undefined,
  };
  return { dataPlane, snapshots, crash: (reason) => onCrash(reason) };
}

function listenersOf(snapshot: Snapshot): BoundListener[] {
  let port = 1;
  const bound = (instance: string, direction: BoundListener['direction'], key: string): BoundListener => ({
    instance,
    direction,
    key,
    host: '127.0.0.1',
    port: (port += 1),
  });
  return snapshot.instances.flatMap(({ id, inbound, outbound }) => [
    ...inbound.map((listener) => bound(id, 'inbound', String(listener.port))),
    ...outbound.map((listener) =>
      bound(
        id,
        'outbound',
        listener.kind === 'peer' ? `${listener.service}:${listener.port}` : listener.kind,
      ),
    ),
  ]);
}
