/**
 * What decides at one port of one workload: plain JSON (it crosses threads), every rule with its file and line.
 * `compile.ts` makes it, `decide.ts` reads it.
 */
import type { RuleRef } from '../model/decision.ts';
import type { Problem } from '../model/problem.ts';
import type { Position } from '../model/problem.ts';

/** A string matcher of Istio: exact, `abc*`, `*abc`, `*` (present and non-empty). */
export type StringMatch =
  | { kind: 'exact'; value: string }
  | { kind: 'prefix'; value: string }
  | { kind: 'suffix'; value: string }
  | { kind: 'present' };

/** One field of a rule, compiled; `field`, `wanted` and `at` are for the explanation. */
export interface CompiledClause {
  field: string;
  /** The attribute it looks at, e.g. `source.principal`, `request.method`, `request.headers[x-role]`. */
  attribute: string;
  negated: boolean;
  wanted: readonly string[];
  at: Position;
}

export interface CompiledRule {
  ref: RuleRef;
}

/**
 * A policy that could not be compiled denies everything it could have applied to: then `invalid` holds why,
 * and `decide` denies without looking at rules.
 */
export interface CompiledPolicy {
  invalid: Problem[] | null;
}
