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

/** Rules that Istio leaves out come after all others. */
const LAST = 1_000;
/** More clauses than that are not told apart. */
const MOST_CLAUSES = 999;

class ClauseIndex {
  readonly #rules: readonly CompiledRule[];
  /** Whether the clause holds unless a value of it is found. */
  readonly #holdsAlone: Uint8Array;
  readonly #places = new Map<string, { place: ClausePlace; index: ValueIndex<Standing> }>();
  readonly #headers = new Map<string, ValueIndex<Standing>>();

  constructor(rules: readonly CompiledRule[]) {
    this.#rules = rules;
    const clauses = rules.flatMap((rule) => [...rule.from.flat(), ...rule.to.flat(), ...rule.when]);
    this.#holdsAlone = Uint8Array.from(clauses, ({ negated, dropped }) =>
      negated || dropped !== null ? 1 : 0,
    );
    for (const [number, clause] of clauses.entries()) if (clause.dropped === null) this.#add(clause, number);
  }

  /** Orders of the `most` nearest rules, ascending. */
  nearest(values: RequestValues, most: number): number[] {
    const found = this.#found(values);
    const byDistance = new Map<number, number[]>();
    let next = 0;
    for (const [order, rule] of this.#rules.entries()) {
      const start = next;
      next = this.#endOf(rule, start);
      const distance = rule.dropped === null ? this.#distance(rule, start, found) : LAST * (MOST_CLAUSES + 1);
      const those = byDistance.get(distance);
      if (those === undefined) byDistance.set(distance, [order]);
      else those.push(order);
    }
    const told: number[] = [];
    for (const distance of [...byDistance.keys()].sort((a, b) => a - b)) {
      told.push(...(byDistance.get(distance) ?? []).slice(0, most - told.length));
      if (told.length >= most) break;
    }
    return told.sort((a, b) => a - b);
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

  /** Failed clauses first, then the more clauses the nearer: as `tryRule` counts them. */
  #distance(rule: CompiledRule, start: number, found: Uint8Array): number {
    let failed = 0;
    let clauses = 0;
    let at = start;
    for (const alternatives of [rule.from, rule.to, [rule.when]]) {
      let fewest = Number.POSITIVE_INFINITY;
      let ofNearest = 0;
      for (const alternative of alternatives) {
        let misses = 0;
        for (let end = at + alternative.length; at < end; at += 1) {
          if (found[at] === this.#holdsAlone[at]) misses += 1;
        }
        if (misses < fewest) [fewest, ofNearest] = [misses, alternative.length];
      }
      if (alternatives.length > 0) failed += fewest;
      clauses += ofNearest;
    }
    // Of rules that match the first decides, however many clauses others have.
    if (failed === 0) return 0;
    return Math.min(failed, LAST - 1) * (MOST_CLAUSES + 1) + MOST_CLAUSES - Math.min(clauses, MOST_CLAUSES);
  }

  #endOf(rule: CompiledRule, start: number): number {
    let end = start + rule.when.length;
    for (const alternative of rule.from) end += alternative.length;
    for (const alternative of rule.to) end += alternative.length;
    return end;
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
