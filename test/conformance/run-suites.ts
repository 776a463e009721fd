/** Plays suite files of any kind on the wire and counts. */
import { startDecisionPlayer } from './play-decisions.ts';
import { startRoutePlayer } from './play-routes.ts';
import { suiteFiles } from './suite-files.ts';
import type { SuitePlayer } from './suite-player.ts';

/** What starts the player of a kind. */
const PLAYERS = { DecisionSuite: startDecisionPlayer, RouteSuite: startRoutePlayer } as const;

type Kind = keyof typeof PLAYERS;

export interface ConformanceOutcome {
  cases: number;
  differ: number;
  /** Every case that differs, and how. */
  lines: string[];
  /** What lies in folders beside suites, a line each. */
  leftOut: string[];
}

/** Plays every case of every suite at these paths, in order. Throws `FilesError`, before it plays, for one that is none. */
export async function runSuites(paths: readonly string[]): Promise<ConformanceOutcome> {
  const { suites, leftOut } = await suiteFiles(paths, Object.keys(PLAYERS) as Kind[]);
  const players = new Map<Kind, SuitePlayer>();
  const outcome: ConformanceOutcome = { cases: 0, differ: 0, lines: [], leftOut };
  try {
    for (const { file, kind } of suites) {
      const player = players.get(kind) ?? (await PLAYERS[kind]());
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
