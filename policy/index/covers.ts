/**
 * Where a rule can be looked up. A cover is a set of values of which the request has one whenever the rule matches:
 * a positive clause of `when`, or one such clause of each source (of each operation). A rule without any has to be
 * tried always.
 */
import type { ValueMatch } from '../compiled-policy.ts';
import type { PreparedClause, PreparedRule } from './prepared-rule.ts';

export type Cover = readonly PreparedClause[];

/** How often each value stands among the rules at hand, by place. */
export type ValueCounts = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** Counts over all positive clauses that look elsewhere than at `used` places. */
export function countValues(rules: readonly PreparedRule[], used: ReadonlySet<string>): ValueCounts {
  const counts = new Map<string, Map<string, number>>();
  for (const rule of rules) {
    for (const clauses of [...rule.from, ...rule.to, rule.when]) {
      for (const clause of clauses) {
        if (!isKey(clause, used)) continue;
        const ofPlace = counts.get(clause.place) ?? new Map<string, number>();
        counts.set(clause.place, ofPlace);
        for (const key of clause.keys) ofPlace.set(key, (ofPlace.get(key) ?? 0) + 1);
      }
    }
  }
  return counts;
}

/** The cover that finds the fewest other rules, with that number; null when there is none. */
export function bestCover(
  rule: PreparedRule,
  counts: ValueCounts,
  used: ReadonlySet<string>,
): { cover: Cover; crowd: number } | null {
  let best: { cover: Cover; crowd: number } | null = null;
  const groups = [rule.from, rule.to, ...rule.when.map((clause) => [[clause]])];
  for (const alternatives of groups) {
    if (alternatives.length === 0) continue;
    const cover: PreparedClause[] = [];
    let crowd = 0;
    for (const clauses of alternatives) {
      const rarest = rarestClause(clauses, counts, used);
      if (rarest === null) break;
      cover.push(rarest.clause);
      crowd = Math.max(crowd, rarest.crowd);
    }
    if (cover.length === alternatives.length && (best === null || crowd < best.crowd)) {
      best = { cover, crowd };
    }
  }
  return best;
}

function rarestClause(
  clauses: readonly PreparedClause[],
  counts: ValueCounts,
  used: ReadonlySet<string>,
): { clause: PreparedClause; crowd: number } | null {
  let rarest: { clause: PreparedClause; crowd: number } | null = null;
  for (const clause of clauses) {
    if (!isKey(clause, used)) continue;
    let crowd = 0;
    for (const [at, key] of clause.keys.entries()) {
      const count = counts.get(clause.place)?.get(key) ?? 0;
      crowd = Math.max(crowd, count * breadth(clause.clause.values[at]));
    }
    if (rarest === null || crowd < rarest.crowd) rarest = { clause, crowd };
  }
  return rarest;
}

/** Whether a rule can be found by this clause. */
function isKey({ clause, place }: PreparedClause, used: ReadonlySet<string>): boolean {
  return !clause.negated && clause.dropped === null && !used.has(place);
}

/** An exact value finds its own rules only; of others several may be found at once, and stars are found always. */
function breadth(match: ValueMatch | undefined): number {
  switch (match?.kind) {
    case 'present':
    case 'non-empty':
      return 8;
    case 'prefix':
    case 'suffix':
    case 'template':
    case 'ip':
      return 2;
    default:
      return 1;
  }
}
