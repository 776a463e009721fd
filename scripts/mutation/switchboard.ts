/**
 * The switches of instrumented code: which mutant is active, and which mutants a test reaches. Instrumented modules
 * find it as `globalThis.greenroomMutants`, whoever loaded them; there is one in a process.
 */

/** A loop that no mutant switch can stop is the watchdog's; one that meets switches ends after so many of them. */
const SPARE_CALLS = 200_000;

export interface Switchboard {
  /** Ids that were reached since `collectInto`; null while a mutant runs. */
  collected: Set<string> | null;
  active: string | null;
  /** Whether the active mutant's code was reached. */
  hit: boolean;
  /** Whether the active mutant ran for too long. */
  exhausted: boolean;
  calls: number;
  limit: number;
}

declare global {
  var greenroomMutants: {
    board: Switchboard;
    stryCov_9fa48: (...ids: string[]) => void;
    stryMutAct_9fa48: (id: string) => boolean;
  };
}

const board: Switchboard = {
  collected: new Set(),
  active: null,
  hit: false,
  exhausted: false,
  calls: 0,
  limit: Infinity,
};

function cover(...ids: string[]): void {
  board.calls += 1;
  if (board.collected) for (const id of ids) board.collected.add(id);
  else if (board.calls > board.limit) {
    board.exhausted = true;
    throw new Error('a mutant ran for too long');
  }
}

function isActive(id: string): boolean {
  if (board.active !== id) return false;
  board.hit = true;
  return true;
}

/** The first line of every instrumented module; the names are those that the instrumenter calls. */
export const HEADER = 'const { stryCov_9fa48, stryMutAct_9fa48 } = globalThis.greenroomMutants;';

/** Installs the switchboard, once a process, and returns it. */
export function switchboard(): Switchboard {
  globalThis.greenroomMutants ??= { board, stryCov_9fa48: cover, stryMutAct_9fa48: isActive };
  return globalThis.greenroomMutants.board;
}

/** Activates a mutant; `usualCalls` is how many switches the same code passes without it. */
export function activate(to: Switchboard, id: string, usualCalls: number): void {
  Object.assign(to, {
    collected: null,
    active: id,
    hit: false,
    exhausted: false,
    calls: 0,
    limit: usualCalls * 20 + SPARE_CALLS,
  });
}

/** No mutant is active from here on; what is reached goes into `into`. */
export function collectInto(to: Switchboard, into: Set<string>): void {
  Object.assign(to, { collected: into, active: null, calls: 0, limit: Infinity });
}
