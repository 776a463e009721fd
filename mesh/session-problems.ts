/** What a session shows to be wrong: with its policies, with keys that it can't have, and that it must be started anew. */
import type { Problem } from '../model/problem.ts';
import { type MeshPolicies, policyProblems } from './mesh-policies.ts';
import type { SessionBoard } from './session-board.ts';

export class SessionProblems {
  readonly #board: SessionBoard;
  readonly #ofKeys: () => readonly Problem[];
  #shown: readonly Problem[] = [];
  readonly #ofFiles = new Map<string, Problem>();
  /** Stays whatever becomes of the policies. */
  #restartNeeded: readonly Problem[] = [];

  constructor(board: SessionBoard, ofKeys: () => readonly Problem[]) {
    this.#board = board;
    this.#ofKeys = ofKeys;
  }

  /** In the place of what was shown. */
  show(problems: readonly Problem[]): void {
    this.#shown = problems;
    this.#tell();
  }

  /** What these policies, now in force, leave open; `told` goes with it. */
  showPolicies(policies: MeshPolicies, told: readonly Problem[] = []): void {
    this.show([...policyProblems(policies), ...this.#ofKeys(), ...told]);
  }

  /** A change that only a new session takes over. */
  needsRestart(notice: Problem): void {
    this.#restartNeeded = [notice];
    this.#tell();
  }

  /** A change of a service's files that could not be taken in; null = the last one was. */
  ofFiles(workload: string, problem: Problem | null): void {
    if (problem) this.#ofFiles.set(workload, problem);
    else if (!this.#ofFiles.delete(workload)) return;
    this.#tell();
  }

  #tell(): void {
    const problems = [...this.#shown, ...this.#restartNeeded, ...this.#ofFiles.values()];
    this.#board.set({ problems });
  }
}
