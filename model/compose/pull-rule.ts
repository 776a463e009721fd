/** `pull_policy` of a Compose service: its words, and the durations that only it is written in. */
import type { PullRule } from '../container.ts';

const UNITS_MS: Readonly<Record<string, number>> = {
  w: 604_800_000,
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1000,
};

/** `always`, `missing`, `if_not_present`, `never`, `build`, `daily`, `weekly`, `every_12h`; null where it is none. */
export function pullRule(policy: string): PullRule | null {
  switch (policy) {
    case 'always':
    case 'missing':
    case 'never':
    case 'build':
      return { when: policy };
    case 'if_not_present':
      return { when: 'missing' };
    case 'daily':
      return { when: 'older', thanMs: 86_400_000 };
    case 'weekly':
      return { when: 'older', thanMs: 604_800_000 };
  }
  const every = /^every_((?:\d+[wdhms])+)$/.exec(policy)?.[1];
  if (every === undefined) return null;
  let thanMs = 0;
  for (const [, number, unit] of every.matchAll(/(\d+)([wdhms])/g))
    thanMs += Number(number) * (UNITS_MS[unit ?? ''] ?? 0);
  return { when: 'older', thanMs };
}
