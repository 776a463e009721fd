/** Moments drawn by a seed, so that those of a failure can be had again. */

/** mulberry32: numbers in [0, 1). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** So many moments of [from, from + length), one in each equal part of it. */
export function within(from: number, length: number, parts: number, draw: () => number): number[] {
  return Array.from({ length: parts }, (_, part) => from + (length * (part + draw())) / parts);
}
