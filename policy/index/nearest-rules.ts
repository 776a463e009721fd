/**
 * Which rules of an action an explanation tells in full, where there are too many for all: those with the fewest
 * failed clauses. Counted for every rule at once by looking each of the request's values up, not by trying rules.
 */
import type { RequestFacts } from '../../model/request-facts.ts';
import type { CompiledAction, CompiledClause, CompiledRule } from '../compiled-policy.ts';
import { type ClausePlace, isField, RequestValues } from './request-values.ts';
import { keyOf, ValueIndex } from './value-index.ts';

/** So many rules of an action are told at most. */
export const MOST_TOLD = 50;

export interface ToldRules {
  /** In Envoy's order. */
  rules: readonly CompiledRule[];
  /** How many are left out, none of them nearer than those. */
  left: number;
}

const indexes = new WeakMap<readonly CompiledRule[], ClauseIndex>();

/** The rules to tell about this request: all, or of many the nearest. */
export function rulesToTell({ rules }: CompiledAction, facts: RequestFacts): ToldRules {
  if (rules.length <= MOST_TOLD) return { rules, left: 0 };
  const index = indexes.get(rules) ?? new ClauseIndex(rules);
  indexes.set(rules, index);
  const nearest = index.nearest(new RequestValues(facts), MOST_TOLD);
  return { rules: nearest.flatMap((order) => rules[order] ?? []), left: rules.length - nearest.length };
}

/** The clauses that one value stands in, by number. */
interface Standing {
  clauses: number[];
}

/** More clauses, or more failed ones, than these are not told apart. */
const MOST_CLAUSES = 31;
const MOST_FAILED = 62;
const SCORES = (MOST_FAILED + 2) * (MOST_CLAUSES + 1);
/** Rules that Istio leaves out come after all others. */
const LAST = SCORES - 1;

/** Clauses are numbered through all rules, alternatives too: sources, operations and `when` of one rule in a row. */
class ClauseIndex {
  readonly #rules: number;
  readonly #dropped: Uint8Array;
  /** Whether the clause holds unless a value of it is found. */
  readonly #holdsAlone: Uint8Array;
  /** The clause after the alternative's last. */
  readonly #endOfAlternative: Int32Array;
  /** Of each rule's three groups, the alternative after the last. */
  readonly #endOfGroup: Int32Array;
  readonly #places = new Map<string, { place: ClausePlace; index: ValueIndex<Standing> }>();
  readonly #headers = new Map<string, ValueIndex<Standing>>();

  constructor(rules: readonly CompiledRule[]) {
    const clauses: CompiledClause[] = [];
    const endOfAlternative: number[] = [];
    const endOfGroup: number[] = [];
    for (const { from, to, when } of rules) {
      for (const alternatives of [from, to, [when]]) {
        for (const alternative of alternatives) {
          for (const clause of alternative) clauses.push(clause);
          endOfAlternative.push(clauses.length);
        }
        endOfGroup.push(endOfAlternative.length);
      }
    }
    this.#rules = rules.length;
    this.#dropped = Uint8Array.from(rules, ({ dropped }) => (dropped === null ? 0 : 1));
    this.#holdsAlone = Uint8Array.from(clauses, ({ negated, dropped }) =>
      negated || dropped !== null ? 1 : 0,
    );
    this.#endOfAlternative = Int32Array.from(endOfAlternative);
    this.#endOfGroup = Int32Array.from(endOfGroup);
    for (const [number, clause] of clauses.entries()) if (clause.dropped === null) this.#add(clause, number);
  }

  /** Orders of the `most` nearest rules, ascending. */
  nearest(values: RequestValues, most: number): number[] {
    const scores = this.#scores(this.#found(values));
    const counts = new Int32Array(SCORES);
    for (const score of scores) counts[score] = (counts[score] ?? 0) + 1;
    let worst = 0;
    let places = most;
    while (worst < LAST && (counts[worst] ?? 0) <= places) {
      places -= counts[worst] ?? 0;
      worst += 1;
    }
    const told: number[] = [];
    for (let order = 0; order < this.#rules; order += 1) {
      const score = scores[order] ?? LAST;
      if (score > worst || (score === worst && places === 0)) continue;
      if (score === worst) places -= 1;
      told.push(order);
    }
    return told;
  }

  /** Of each rule: failed clauses first, then the more clauses the nearer, as `tryRule` counts them. */
  #scores(found: Uint8Array): Int16Array {
    const scores = new Int16Array(this.#rules);
    let clause = 0;
    let alternative = 0;
    for (let order = 0; order < this.#rules; order += 1) {
      let failed = 0;
      let clauses = 0;
      for (let group = order * 3; group < order * 3 + 3; group += 1) {
        const endOfGroup = this.#endOfGroup[group] ?? 0;
        let fewest = alternative < endOfGroup ? Number.MAX_SAFE_INTEGER : 0;
        let ofNearest = 0;
        for (; alternative < endOfGroup; alternative += 1) {
          const [begin, end] = [clause, this.#endOfAlternative[alternative] ?? 0];
          let misses = 0;
          for (; clause < end; clause += 1) if (found[clause] === this.#holdsAlone[clause]) misses += 1;
          if (misses < fewest) [fewest, ofNearest] = [misses, end - begin];
        }
        failed += fewest;
        clauses += ofNearest;
      }
      scores[order] = this.#dropped[order] === 1 ? LAST : scoreOf(failed, clauses);
    }
    return scores;
  }

  /** Which clauses have a value that the request has. */
  #found(values: RequestValues): Uint8Array {
    const found = new Uint8Array(this.#holdsAlone.length);
    const standing: Standing[] = [];
    for (const { place, index } of this.#places.values()) {
      for (const got of values.of(place)) index.collect(got, standing);
    }
    for (const [name, sent] of values.headers()) {
      const index = this.#headers.get(name);
      if (index !== undefined) for (const got of sent) index.collect(got, standing);
    }
    for (const { clauses } of standing) for (const clause of clauses) found[clause] = 1;
    return found;
  }

  #add(clause: CompiledClause, number: number): void {
    const index = this.#indexFor(clause);
    for (const match of clause.values) {
      index.ensure(match, keyOf(match), () => ({ clauses: [] })).clauses.push(number);
    }
  }

  #indexFor(clause: CompiledClause): ValueIndex<Standing> {
    const { attribute, header, claim } = clause;
    if (attribute === 'request.headers' && header !== null && isField(header)) {
      const known = this.#headers.get(header) ?? new ValueIndex<Standing>();
      this.#headers.set(header, known);
      return known;
    }
    const key = [attribute, header ?? '', ...(claim ?? [])].join('\0');
    const place: ClausePlace = { attribute, header, ...(claim === undefined ? {} : { claim }) };
    const known = this.#places.get(key) ?? { place, index: new ValueIndex<Standing>() };
    this.#places.set(key, known);
    return known.index;
  }
}

function scoreOf(failed: number, clauses: number): number {
  // Of rules that match the first decides, however many clauses others have.
  if (failed === 0) return 0;
  return Math.min(failed, MOST_FAILED) * (MOST_CLAUSES + 1) + MOST_CLAUSES - Math.min(clauses, MOST_CLAUSES);
}
