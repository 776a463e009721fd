/** Plays suite files of any kind on the wire and counts. */
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { startDecisionPlayer } from './play-decisions.ts';
import { startRoutePlayer } from './play-routes.ts';
import type { SuitePlayer } from './suite-player.ts';

/** What starts the player of a kind. */
const PLAYERS: ReadonlyMap<string, () => Promise<SuitePlayer>> = new Map([
  ['DecisionSuite', startDecisionPlayer],
  ['RouteSuite', startRoutePlayer],
]);

export interface ConformanceOutcome {
  cases: number;
  differ: number;
  /** Every case that differs, and how. */
  lines: string[];
}

/** Plays every case of every file, in order. Throws when a file can't be read or is no suite. */
export async function runSuites(files: readonly string[]): Promise<ConformanceOutcome> {
  const players = new Map<string, SuitePlayer>();
  const outcome: ConformanceOutcome = { cases: 0, differ: 0, lines: [] };
  try {
    for (const file of files) {
      const { kind, start } = await starterOf(file);
      const player = players.get(kind) ?? (await start());
      players.set(kind, player);
      for (const { id, differences } of await player.play(file)) {
        outcome.cases += 1;
        if (differences.length === 0) continue;
        outcome.differ += 1;
        outcome.lines.push(`✕ ${id} (${file})`, ...differences.map((line) => `    ${line}`));
      }
    }
  } finally {
    for (const player of players.values()) await player.close();
  }
  return outcome;
}

async function starterOf(file: string): Promise<{ kind: string; start: () => Promise<SuitePlayer> }> {
  const document = readDocument(await readFile(file, 'utf8'));
  const kind = typeof document === 'object' && document !== null && 'kind' in document ? document.kind : null;
  const start = typeof kind === 'string' ? PLAYERS.get(kind) : undefined;
  if (typeof kind !== 'string' || start === undefined)
    throw new Error(`${file}: kind ${String(kind)} can't be played; ${[...PLAYERS.keys()].join(', ')} can`);
  return { kind, start };
}

/** JSON is YAML, and read far quicker as what it is. */
function readDocument(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return parse(text);
  }
}
