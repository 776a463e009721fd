/** What an engine measures of a container, as counters. Pure. */
import type { ServiceUsage } from '../../../model/usage.ts';

interface Stats {
  cpu_stats?: { cpu_usage?: { total_usage?: number }; system_cpu_usage?: number };
  memory_stats?: { usage?: number; stats?: Readonly<Record<string, number>> };
  networks?: Readonly<Record<string, { rx_bytes: number; tx_bytes: number }>>;
}

/** Of `GET /containers/ID/stats`; null where the container doesn't run: then an engine answers with zeros. */
export function containerUsage(answer: unknown): ServiceUsage | null {
  const { cpu_stats: cpu, memory_stats: memory, networks } = (answer ?? {}) as Stats;
  if (cpu?.cpu_usage?.total_usage === undefined || memory?.usage === undefined) return null;
  return {
    cpuMicros: cpu.cpu_usage.total_usage / 1000,
    // As `docker stats` has it: without the part of the page cache that is given back on demand; cgroups 1 and 2.
    memoryBytes:
      memory.usage - (memory.stats?.['total_inactive_file'] ?? memory.stats?.['inactive_file'] ?? 0),
    network: networks === undefined ? null : sum(Object.values(networks)),
  };
}

function sum(cards: readonly { rx_bytes: number; tx_bytes: number }[]): ServiceUsage['network'] {
  return cards.reduce(
    (all, { rx_bytes, tx_bytes }) => ({
      receivedBytes: all.receivedBytes + rx_bytes,
      sentBytes: all.sentBytes + tx_bytes,
    }),
    { receivedBytes: 0, sentBytes: 0 },
  );
}
