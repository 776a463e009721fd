/**
 * What a lint is: one question a security reviewer asks of a mesh's policies, answered without a request and without
 * a network. A lint changes no verdict; its fix never lets more through than before.
 */
import type { Position, Problem } from '../model/problem.ts';
import type { LintView } from './lint-view.ts';

/** A change of one place in a file, by the place that `PolicyObject.positions` gives; comments stay. */
export type Change =
  /** The list under the key at the place gets more values. */
  | { kind: 'append'; values: readonly string[] }
  /** The text at the place becomes another. */
  | { kind: 'replace'; value: string }
  /** The map under the key at the place gets a list. */
  | { kind: 'add-list'; key: string; values: readonly string[] };

export interface Fix {
  at: Position;
  change: Change;
}

/** One finding; `lintMesh` adds the lint's code and page. */
export interface Finding extends Omit<Problem, 'code' | 'docs'> {
  /** Where a change is safe: afterwards no request passes that was denied before. */
  fix?: Fix;
}

export interface Lint {
  /** Stable, kebab-case; also the name of its page under docs/checks/. */
  code: string;
  /** One line, as in a table of rules. */
  summary: string;
  check(view: LintView): Finding[];
}

/** A finding as `greenroom check` tells it. */
export interface LintProblem extends Problem {
  fix?: Fix;
}
