/** Random choices that a seed repeats (xorshift32): the same seed, the same messages, on any machine. */
export interface Random {
  /** 0 ≤ n < bound. */
  below(bound: number): number;
  one<T>(of: readonly T[]): T;
  /** Whether the chance, between 0 and 1, came true. */
  chance(share: number): boolean;
}

/** A sequence of choices; `seed` is any whole number. */
export function createRandom(seed: number): Random {
  // Never 0, of which xorshift would make nothing but zeros.
  let state = (seed | 0) ^ 0x9e3779b9 || 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  const below = (bound: number): number => next() % bound;
  return {
    below,
    one: <T>(of: readonly T[]): T => of[below(of.length)] as T,
    chance: (share) => next() / 0x1_0000_0000 < share,
  };
}
