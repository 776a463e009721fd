/** What instances and their sidecars use, as counters that only rise: whoever reads twice knows the rate between. */

/** What the sidecar of one instance had to do since its thread began. */
export interface SidecarWork {
  /** Exchanges and connections that ended. */
  messages: number;
  /** Bytes of their bodies, both ways. */
  bytes: number;
}

/** The container of an instance, or its group of processes. */
export interface ServiceUsage {
  /** Processor time since it started, in µs of one processor. */
  cpuMicros: number;
  memoryBytes: number;
  /** Of the pod's network; null where an instance has none of its own. */
  network: { receivedBytes: number; sentBytes: number } | null;
}

/** All sidecars of the session together: they share a thread, or some. */
export interface SidecarsUsage {
  cpuMicros: number;
  /** The threads' heaps; what Node and OpenSSL hold beside isn't told apart from the control plane. */
  memoryBytes: number;
  /** By instance. */
  work: Readonly<Record<string, SidecarWork>>;
}

export interface UsageSample {
  /** Monotonic, in ms; only differences say anything. */
  atMs: number;
  /** By instance; an instance that doesn't run, or can't be measured here, isn't in it. */
  services: Readonly<Record<string, ServiceUsage>>;
  /** Null while there is none. */
  sidecars: SidecarsUsage | null;
}

/** What an instance used between two samples. */
export interface UsageRate {
  /** Processors: 1 = one processor all the time; null where it isn't measured, or started anew in between. */
  cpu: number | null;
  memoryBytes: number | null;
  /** Bytes a second; null where nothing is measured. */
  received: number | null;
  sent: number | null;
  /** Its share of the sidecars' processor time; null while unknown. An estimate: see `sidecarShare`. */
  sidecarCpu: number | null;
}

/** Bytes that weigh as much as one message, by the pair's benchmark: 191 µs without a body, 309 µs with 64 KiB. */
const BYTES_A_MESSAGE = 100_000;

/**
 * Which part of the sidecars' cost falls to an instance: that of the work that it had between the samples, a message
 * and every 100 kB of body counting the same. 0 to 1; the shares of all instances add up to 1 where there was work,
 * and without work nobody's is known.
 */
export function sidecarShare(instance: string, before: SidecarsUsage, now: SidecarsUsage): number | null {
  let all = 0;
  let own = 0;
  for (const [id, work] of Object.entries(now.work)) {
    const weight = weightOf(work) - weightOf(before.work[id] ?? { messages: 0, bytes: 0 });
    all += weight;
    if (id === instance) own = weight;
  }
  return all > 0 ? own / all : null;
}

function weightOf({ messages, bytes }: SidecarWork): number {
  return messages + bytes / BYTES_A_MESSAGE;
}

/** What `instance` used between two samples of one session. */
export function usageRate(instance: string, before: UsageSample, now: UsageSample): UsageRate {
  const ms = now.atMs - before.atMs;
  const [then, today] = [before.services[instance], now.services[instance]];
  // Counters that fell belong to another container, or another thread.
  const perMs = (old: number | undefined, recent: number | undefined): number | null =>
    old === undefined || recent === undefined || recent < old || ms <= 0 ? null : (recent - old) / ms;
  const second = (rate: number | null): number | null => (rate === null ? null : rate * 1000);
  const cores = (rate: number | null): number | null => (rate === null ? null : rate / 1000);
  const whole = cores(perMs(before.sidecars?.cpuMicros, now.sidecars?.cpuMicros));
  const share =
    before.sidecars === null || now.sidecars === null || whole === null
      ? null
      : sidecarShare(instance, before.sidecars, now.sidecars);
  return {
    cpu: cores(perMs(then?.cpuMicros, today?.cpuMicros)),
    memoryBytes: today?.memoryBytes ?? null,
    received: second(perMs(then?.network?.receivedBytes, today?.network?.receivedBytes)),
    sent: second(perMs(then?.network?.sentBytes, today?.network?.sentBytes)),
    sidecarCpu: whole === null || share === null ? null : whole * share,
  };
}
