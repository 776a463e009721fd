/**
 * Medians of interleaved rounds: contenders take turns, so that a busy moment of the machine hits all of them. What is
 * measured is this thread's time on the processor: on a shared machine the clock on the wall measures the others.
 */

/** Does the thing `times` times. */
export type Batch = (times: number) => void;

interface Contender {
  name: string;
  batch: Batch;
}

/** Microseconds a time, by name: the median of `rounds` rounds of about `roundMs` each. */
export function medianMicros(
  contenders: readonly Contender[],
  { rounds, roundMs }: { rounds: number; roundMs: number },
): Map<string, number> {
  const sized = contenders.map((contender) => ({
    ...contender,
    times: timesFor(contender.batch, roundMs),
    samples: [] as number[],
  }));
  for (let round = 0; round < rounds; round += 1) {
    for (const { batch, times, samples } of sized) {
      const begin = threadMicros();
      batch(times);
      samples.push((threadMicros() - begin) / times);
    }
  }
  return new Map(sized.map(({ name, samples }) => [name, median(samples)]));
}

/** Doubles until a batch takes long enough: that also warms the code up. */
function timesFor(batch: Batch, roundMs: number): number {
  for (let times = 1; ; times *= 2) {
    const begin = threadMicros();
    batch(times);
    if (threadMicros() - begin >= roundMs * 1_000) return times;
  }
}

function threadMicros(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}

/** The middle one; NaN of none. */
export function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
