/** Titles of the conversations that docs/deviations.md says to be different, in bold. */
import { readFileSync } from 'node:fs';

export const DIFFERENT: ReadonlySet<string> = new Set(
  [
    ...readFileSync(new URL('../../docs/deviations.md', import.meta.url), 'utf8').matchAll(
      /\*\*([^*]+)\*\*/g,
    ),
  ].map(([, title = '']) => title),
);
