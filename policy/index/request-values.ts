/**
 * What one request has at the places that rules look at, read once each. A header that is sent often with one value
 * counts once: nothing an index does may grow by repetition.
 */
import type { RequestFacts } from '../../model/request-facts.ts';
import { valuesOf } from '../attributes.ts';
import type { Attribute, CompiledClause } from '../compiled-policy.ts';

/** The part of a clause that says where it looks. */
export type ClausePlace = Pick<CompiledClause, 'attribute' | 'header' | 'claim'>;

const NONE: readonly string[] = [];

export class RequestValues {
  /** Rules that were tried in full: what a test of the indexes counts. */
  rulesTried = 0;
  readonly #facts: RequestFacts;
  readonly #known = new Map<Attribute, readonly string[]>();
  #headers: ReadonlyMap<string, readonly string[]> | null = null;

  constructor(facts: RequestFacts) {
    this.#facts = facts;
  }

  /** As `valuesOf`, without repetitions. */
  of(place: ClausePlace): readonly string[] {
    const { attribute, header } = place;
    if (attribute === 'request.auth.claims') return distinct(valuesOf(place, this.#facts));
    if (attribute === 'request.headers') {
      return header !== null && isField(header)
        ? (this.headers().get(header) ?? NONE)
        : valuesOf(place, this.#facts);
    }
    const known = this.#known.get(attribute);
    if (known !== undefined) return known;
    const values = valuesOf(place, this.#facts);
    this.#known.set(attribute, values);
    return values;
  }

  /** Values by the name of their header. */
  headers(): ReadonlyMap<string, readonly string[]> {
    this.#headers ??= byName(this.#facts.http?.headers ?? []);
    return this.#headers;
  }
}

/** Whether the name is a header field's; `:path` and the like are parts of the request line. */
export function isField(header: string): boolean {
  return !header.startsWith(':');
}

function byName(headers: NonNullable<RequestFacts['http']>['headers']): Map<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const [name, value] of headers) {
    const values = found.get(name);
    if (values === undefined) found.set(name, [value]);
    else values.push(value);
  }
  const once = new Map<string, readonly string[]>();
  for (const [name, values] of found) once.set(name, distinct(values));
  return once;
}

function distinct(values: readonly string[]): readonly string[] {
  return values.length < 2 ? values : [...new Set(values)];
}
