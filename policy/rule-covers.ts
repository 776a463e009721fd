/**
 * Whether whatever one rule matches, another matches too. It errs on one side only: `true` is certain, `false` may
 * mean that it can't be told.
 */
import type { Attribute, CompiledClause, CompiledRule, ValueMatch } from './compiled-policy.ts';
import { matchesValue } from './value-match.ts';

type Alternatives = readonly (readonly CompiledClause[])[];

/** Whether `wide` matches every request that `narrow` matches. */
export function ruleCovers(wide: CompiledRule, narrow: CompiledRule): boolean {
  if (wide.dropped !== null || narrow.dropped !== null) return false;
  return (
    alternativesCover(wide.from, narrow.from) &&
    alternativesCover(wide.to, narrow.to) &&
    wide.when.every((clause) => narrow.when.some((other) => clauseImplies(other, clause)))
  );
}

function alternativesCover(wide: Alternatives, narrow: Alternatives): boolean {
  if (wide.length === 0) return true;
  if (narrow.length === 0) return wide.some((clauses) => clauses.length === 0);
  return narrow.every((clauses) => wide.some((others) => allImplied(clauses, others)));
}

/** Whether a request that meets all of `clauses` meets all of `others`. */
function allImplied(clauses: readonly CompiledClause[], others: readonly CompiledClause[]): boolean {
  return others.every((other) => clauses.some((clause) => clauseImplies(clause, other)));
}

/** A request has one of these, so that a value it has is the value. */
const SINGLE: ReadonlySet<Attribute> = new Set([
  'request.host',
  'request.method',
  'request.path',
  'destination.port',
  'destination.ip',
  'source.ip',
]);

function clauseImplies(clause: CompiledClause, other: CompiledClause): boolean {
  if (clause.attribute !== other.attribute || clause.header !== other.header) return false;
  if (clause.claim?.join('\0') !== other.claim?.join('\0')) return false;
  if (clause.dropped !== null || other.dropped !== null) return false;
  if (!clause.negated && !other.negated) return coveredBy(clause.values, other.values);
  if (clause.negated && other.negated) return coveredBy(other.values, clause.values);
  if (clause.negated || !SINGLE.has(clause.attribute)) return false;
  return clause.values.every(
    (value) =>
      value.kind === 'exact' && !other.values.some((excluded) => matchesValue(excluded, value.value)),
  );
}

/** Whether every value is covered by one of the others. */
export function coveredBy(values: readonly ValueMatch[], others: readonly ValueMatch[]): boolean {
  return values.every((value) => others.some((other) => valueCovers(other, value)));
}

/** Whether `wide` matches whatever `narrow` matches. */
export function valueCovers(wide: ValueMatch, narrow: ValueMatch): boolean {
  if (wide.kind === 'present') return true;
  if (wide.kind === 'ip' && narrow.kind === 'ip') return blockCovers(wide.block, narrow.block);
  switch (narrow.kind) {
    case 'exact':
      return isTextMatch(wide) && matchesValue(wide, narrow.value);
    case 'prefix':
      return (
        (wide.kind === 'prefix' && narrow.value.startsWith(wide.value)) ||
        (wide.kind === 'non-empty' && narrow.value !== '')
      );
    case 'suffix':
      return (
        (wide.kind === 'suffix' && narrow.value.endsWith(wide.value)) ||
        (wide.kind === 'non-empty' && narrow.value !== '')
      );
    case 'template': {
      const [first] = narrow.tokens;
      if (wide.kind === 'non-empty') return true;
      if (wide.kind === 'prefix') return first?.kind === 'text' && first.text.startsWith(wide.value);
      return same(wide, narrow);
    }
    default:
      return same(wide, narrow);
  }
}

function same(a: ValueMatch, b: ValueMatch): boolean {
  return a.kind === b.kind && JSON.stringify(a) === JSON.stringify(b);
}

function isTextMatch({ kind }: ValueMatch): boolean {
  return (
    kind === 'exact' || kind === 'prefix' || kind === 'suffix' || kind === 'non-empty' || kind === 'template'
  );
}

interface Block {
  readonly bytes: readonly number[];
  readonly bits: number;
}

function blockCovers(wide: Block, narrow: Block): boolean {
  return wide.bits <= narrow.bits && blocksOverlap(wide, narrow);
}

/** Whether two blocks have an address in common. */
export function blocksOverlap(a: Block, b: Block): boolean {
  if (a.bytes.length !== b.bytes.length) return false;
  const bits = Math.min(a.bits, b.bits);
  return a.bytes.every((byte, index) => {
    const shift = Math.min(8, Math.max(0, 8 - (bits - index * 8)));
    return byte >> shift === (b.bytes[index] ?? 0) >> shift;
  });
}
