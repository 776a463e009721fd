/**
 * Whether a request with a given path or host could pass a workload's policies, whatever else is true of it. A DENY
 * that might meet it counts as meeting it: what is said to pass does. Asked many times, so plain values are looked up.
 */
import type { CompiledClause, ValueMatch } from './compiled-policy.ts';
import type { LintedRule, LintedWorkload } from './lint-view.ts';
import { matchesValue } from './value-match.ts';

type Looked = 'request.path' | 'request.host';

/** Workloads of the rule that have an HTTP port and could let `value` pass. */
export function passedBy(rule: LintedRule, attribute: Looked, value: string): LintedWorkload[] {
  return rule.policy.workloads.filter(
    (workload) =>
      workload.ports.some(({ protocol }) => protocol === 'http') && couldPass(workload, attribute, value),
  );
}

/** Whether no DENY looks at `value` and some ALLOW would take it (or there is none). */
function couldPass(workload: LintedWorkload, attribute: Looked, value: string): boolean {
  const { deny, allow } = indexOf(workload)[attribute];
  return !deny.has(value) && (allow === null || allow.has(value));
}

type Index = Readonly<Record<Looked, { deny: Takers; allow: Takers | null }>>;

/** A view lives as long as one run of the lints, and with it what was made of it. */
const indexes = new WeakMap<LintedWorkload, Index>();

function indexOf(workload: LintedWorkload): Index {
  const known = indexes.get(workload);
  if (known) return known;
  const rulesOf = (wanted: 'ALLOW' | 'DENY') =>
    workload.policies
      .filter(({ action, dryRun }) => action === wanted && !dryRun)
      .flatMap(({ rules }) => rules);
  const closed = workload.policies.some(({ action, dryRun }) => action === 'ALLOW' && !dryRun);
  const takers = (attribute: Looked) => ({
    deny: new Takers(rulesOf('DENY'), attribute),
    allow: closed ? new Takers(rulesOf('ALLOW'), attribute) : null,
  });
  const made = { 'request.path': takers('request.path'), 'request.host': takers('request.host') };
  indexes.set(workload, made);
  return made;
}

/** The values of one attribute that any of many rules might take. */
class Takers {
  #all = false;
  readonly #exact = new Set<string>();
  readonly #prefixes = new Set<string>();
  readonly #prefixLengths = new Set<number>();
  readonly #others: (readonly CompiledClause[])[] = [];

  constructor(rules: readonly LintedRule[], attribute: Looked) {
    for (const { compiled } of rules) {
      if (compiled === null || compiled.to.length === 0) {
        this.#all = true;
        continue;
      }
      for (const clauses of compiled.to) this.#add(clauses.filter((one) => one.attribute === attribute));
    }
  }

  has(value: string): boolean {
    if (this.#all || this.#exact.has(value)) return true;
    for (const length of this.#prefixLengths) {
      if (length <= value.length && this.#prefixes.has(value.slice(0, length))) return true;
    }
    return this.#others.some((clauses) => clauses.every((clause) => takes(clause, value)));
  }

  #add(clauses: readonly CompiledClause[]): void {
    const [only] = clauses;
    if (!only) this.#all = true;
    else if (clauses.length > 1 || only.negated || !only.values.every(isPlain)) this.#others.push(clauses);
    else
      for (const value of only.values) {
        if (value.kind === 'exact') this.#exact.add(value.value);
        if (value.kind !== 'prefix') continue;
        this.#prefixes.add(value.value);
        this.#prefixLengths.add(value.value.length);
      }
  }
}

function isPlain({ kind }: ValueMatch): boolean {
  return kind === 'exact' || kind === 'prefix';
}

function takes(clause: CompiledClause, value: string): boolean {
  return clause.values.some((match) => matchesValue(match, value)) !== clause.negated;
}
