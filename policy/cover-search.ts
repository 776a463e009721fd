/**
 * Among many rules, one that takes all that a given rule takes. Rules that name values or prefixes are found by them, so
 * that ten thousand rules aren't compared with ten thousand; what remains is bounded, and says when it gave up.
 */
import type { CompiledClause, ValueMatch } from './compiled-policy.ts';
import { appliesWherever } from './lint-scope.ts';
import type { LintedRule } from './lint-view.ts';
import { ruleCovers } from './rule-covers.ts';

/** Comparisons of two rules; some seconds. */
const MAX_COMPARISONS = 300_000;

export class CoverSearch {
  readonly #byValue = new Map<string, LintedRule[]>();
  readonly #prefixLengths = new Set<number>();
  readonly #others: LintedRule[] = [];
  #comparisons = 0;

  constructor(rules: readonly LintedRule[]) {
    const choices = rules.map((rule) => ({ rule, lists: keyLists(rule) }));
    const counts = new Map<string, number>();
    for (const { text } of choices.flatMap(({ lists }) => lists.flat())) {
      counts.set(text, (counts.get(text) ?? 0) + 1);
    }
    const commonness = (keys: readonly Key[]) =>
      keys.reduce((most, { text }) => Math.max(most, counts.get(text) ?? 0), 0);
    for (const { rule, lists } of choices) {
      const [rarest] = lists.toSorted((one, other) => commonness(one) - commonness(other));
      if (!rarest) this.#others.push(rule);
      for (const { text, length } of rarest ?? []) {
        if (length !== null) this.#prefixLengths.add(length);
        const here = this.#byValue.get(text);
        if (here) here.push(rule);
        else this.#byValue.set(text, [rule]);
      }
    }
  }

  /** Whether there were more rules than it compares. */
  get gaveUp(): boolean {
    return this.#comparisons >= MAX_COMPARISONS;
  }

  /** Every rule that takes, wherever `narrow` applies, all that it takes; itself too, when it is among them. */
  *covers(narrow: LintedRule): Generator<LintedRule> {
    const { compiled } = narrow;
    if (compiled === null) return;
    const found = new Set(this.#keyed([...compiled.from, ...compiled.to].flat()));
    for (const candidates of [this.#others, found]) {
      for (const wide of candidates) {
        if (this.gaveUp) return;
        this.#comparisons += 1;
        const covers = wide.compiled !== null && ruleCovers(wide.compiled, compiled);
        if (covers && appliesWherever(wide.policy, narrow.policy)) yield wide;
      }
    }
  }

  /** Rules that have a value of these clauses, or a prefix of one. */
  *#keyed(clauses: readonly CompiledClause[]): Generator<LintedRule> {
    for (const { attribute, negated, values } of clauses) {
      if (negated) continue;
      for (const value of values) {
        if (value.kind === 'exact') yield* this.#byValue.get(`${attribute} = ${value.value}`) ?? [];
        const start = startOf(value);
        if (start === null) continue;
        for (const length of this.#prefixLengths) {
          if (length > start.length) continue;
          yield* this.#byValue.get(`${attribute} ^ ${start.slice(0, length)}`) ?? [];
        }
      }
    }
  }
}

/** How everything that the value takes begins. */
function startOf(value: ValueMatch): string | null {
  if (value.kind === 'exact' || value.kind === 'prefix') return value.value;
  const first = value.kind === 'template' ? value.tokens[0] : undefined;
  return first?.kind === 'text' ? first.text : null;
}

/** Lists of keys: whatever the rule covers has one key of each. */
function keyLists({ compiled }: LintedRule): Key[][] {
  if (compiled === null) return [];
  return [compiled.from, compiled.to].flatMap((alternatives) => {
    if (alternatives.length === 0) return [];
    const lists = alternatives.map((clauses) => clauses.map(keysOf).find((keys) => keys !== null) ?? null);
    return lists.every((one) => one !== null) ? [lists.flat()] : [];
  });
}

interface Key {
  text: string;
  /** Of a prefix. */
  length: number | null;
}

/** null for a clause that may take other values as well. */
function keysOf({ attribute, negated, values }: CompiledClause): Key[] | null {
  if (negated) return null;
  const keys: Key[] = [];
  for (const value of values) {
    if (value.kind === 'exact') keys.push({ text: `${attribute} = ${value.value}`, length: null });
    else if (value.kind === 'prefix')
      keys.push({ text: `${attribute} ^ ${value.value}`, length: value.value.length });
    else return null;
  }
  return keys;
}
