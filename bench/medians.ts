/** Medians of interleaved rounds: contenders take turns, so that a busy moment of the machine hits all of them. */

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
      const begin = performance.now();
      batch(times);
      samples.push(((performance.now() - begin) * 1_000) / times);
    }
  }
  return new Map(sized.map(({ name, samples }) => [name, median(samples)]));
}

/** Doubles until a batch takes long enough: that also warms the code up. */
function timesFor(batch: Batch, roundMs: number): number {
  for (let times = 1; ; times *= 2) {
    const begin = performance.now();
    batch(times);
    if (performance.now() - begin >= roundMs) return times;
  }
}

function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
