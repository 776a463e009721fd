/**
 * The rules of one action as a tree of lookups: at each node a rule stands where it is rarest (an exact path, a
 * header's value, a block of addresses …), and crowds are told apart by a further place below. What a decision tries
 * in full are the few rules that such lookups leave, in Envoy's order; those that can't be looked up it tries always.
 */
import type { CompiledRule } from '../compiled-policy.ts';
import { bestCover, countValues } from './covers.ts';
import { matchesPrepared, type PreparedClause, type PreparedRule, prepareRule } from './prepared-rule.ts';
import { type ClausePlace, isField, type RequestValues } from './request-values.ts';
import { ValueIndex } from './value-index.ts';

/** So few rules are tried one by one. */
const FEW = 4;
/** Entries that the lookups below the first may add for each value of a policy: bounds what compiling costs. */
const ENTRIES_A_VALUE = 8;

interface RuleNode {
  /** Tried always, in order. */
  rules: PreparedRule[];
  /** By what the request has at a place. */
  places: PlaceLookup[];
  /** By what it has under a header's name. */
  headers: Map<string, ValueIndex<RuleNode>> | null;
}

interface PlaceLookup {
  place: ClausePlace;
  index: ValueIndex<RuleNode>;
}

/** A node with rules to be told apart, by other places than were used on the way to it. */
interface Crowd {
  node: RuleNode;
  used: ReadonlySet<string>;
}

export class RuleIndex {
  /** How many times a rule stands in the tree: what building it cost. */
  readonly entries: number;
  readonly #root: RuleNode;

  constructor(rules: readonly CompiledRule[]) {
    const builder = new TreeBuilder();
    this.#root = builder.build(rules);
    this.entries = builder.entries;
  }

  /** The first rule, in the order given, that matches. */
  first(values: RequestValues): CompiledRule | null {
    return firstWithin(this.#root, values, null)?.rule ?? null;
  }
}

function firstWithin(node: RuleNode, values: RequestValues, found: PreparedRule | null): PreparedRule | null {
  let first = found;
  for (const rule of node.rules) {
    if (first !== null && rule.order >= first.order) break;
    if (matchesPrepared(rule, values)) {
      first = rule;
      break;
    }
  }
  for (const { place, index } of node.places) first = firstAmong(index, values.of(place), values, first);
  if (node.headers !== null) {
    for (const [name, sent] of values.headers()) {
      const index = node.headers.get(name);
      if (index !== undefined) first = firstAmong(index, sent, values, first);
    }
  }
  return first;
}

function firstAmong(
  index: ValueIndex<RuleNode>,
  got: readonly string[],
  values: RequestValues,
  found: PreparedRule | null,
): PreparedRule | null {
  const below: RuleNode[] = [];
  for (const value of got) index.collect(value, below);
  let first = found;
  for (const node of below) first = firstWithin(node, values, first);
  return first;
}

class TreeBuilder {
  entries = 0;
  #budget = 0;

  build(rules: readonly CompiledRule[]): RuleNode {
    const prepared: PreparedRule[] = [];
    for (const [order, rule] of rules.entries()) {
      if (rule.dropped === null) prepared.push(prepareRule(rule, order));
    }
    this.#budget = ENTRIES_A_VALUE * prepared.reduce((sum, rule) => sum + valuesIn(rule), 0);
    const root: RuleNode = { rules: prepared, places: [], headers: null };
    this.entries = prepared.length;
    const crowds: Crowd[] = [{ node: root, used: new Set() }];
    for (let next = crowds.pop(); next !== undefined; next = crowds.pop()) {
      if (next.node.rules.length <= FEW || this.#budget <= 0) continue;
      for (const crowd of this.#spread(next)) crowds.push(crowd);
    }
    return root;
  }

  /** Moves the node's rules below it where they can be looked up; gives the crowds that this makes. */
  #spread({ node, used }: Crowd): Crowd[] {
    const { rules } = node;
    const counts = countValues(rules, used);
    const made = new Map<RuleNode, string>();
    const always: PreparedRule[] = [];
    for (const rule of rules) {
      const best = bestCover(rule, counts, used);
      // A lookup that most of the rules pass is no gain.
      if (best === null || best.crowd * 4 > rules.length * 3 || this.#budget <= 0) {
        always.push(rule);
        continue;
      }
      for (const clause of best.cover) this.#place(node, clause, rule, made);
    }
    node.rules = always;
    return [...made]
      .filter(([below]) => below.rules.length > FEW)
      .map(([below, place]) => ({ node: below, used: new Set([...used, place]) }));
  }

  #place(node: RuleNode, clause: PreparedClause, rule: PreparedRule, made: Map<RuleNode, string>): void {
    const index = lookupFor(node, clause);
    for (const [at, match] of clause.clause.values.entries()) {
      const below = index.ensure(match, clause.keys[at] ?? '', () => ({
        rules: [],
        places: [],
        headers: null,
      }));
      made.set(below, clause.place);
      // Two sources may name one value: a rule stands in a node once.
      if (below.rules.at(-1) === rule) continue;
      below.rules.push(rule);
      this.entries += 1;
      this.#budget -= 1;
    }
  }
}

function lookupFor(node: RuleNode, { clause }: PreparedClause): ValueIndex<RuleNode> {
  const { attribute, header } = clause;
  if (attribute === 'request.headers' && header !== null && isField(header)) {
    node.headers ??= new Map();
    const known = node.headers.get(header) ?? new ValueIndex<RuleNode>();
    node.headers.set(header, known);
    return known;
  }
  const known = node.places.find(({ place }) => samePlace(place, clause));
  if (known) return known.index;
  const { claim } = clause;
  const place: ClausePlace = { attribute, header, ...(claim === undefined ? {} : { claim }) };
  const index = new ValueIndex<RuleNode>();
  node.places.push({ place, index });
  return index;
}

function samePlace(a: ClausePlace, b: ClausePlace): boolean {
  return a.attribute === b.attribute && a.header === b.header && a.claim?.join('\0') === b.claim?.join('\0');
}

function valuesIn(rule: PreparedRule): number {
  let sum = 1;
  for (const clauses of [...rule.from, ...rule.to, rule.when]) {
    for (const { keys } of clauses) sum += keys.length;
  }
  return sum;
}
