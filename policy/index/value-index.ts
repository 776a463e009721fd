/**
 * Many values of clauses at one place, and which of them a request's value matches: exactly those that
 * `matchesValue` would find one by one, without looking at the others.
 */
import { parseIpAddress } from '../../model/ip-block.ts';
import type { ByteBlock } from '../../wire/ip-block.ts';
import type { ValueMatch } from '../compiled-policy.ts';
import { textAfterRest } from '../path-template.ts';
import { matchesValue } from '../value-match.ts';
import { AffixTrie } from './affix-trie.ts';
import { principalKeys } from './principal-keys.ts';
import { TemplateTrie } from './template-trie.ts';

/** A value that is compared after all. */
interface Checked<T> {
  match: ValueMatch;
  value: T;
}

export class ValueIndex<T extends object> {
  readonly #exact = new Map<string, T>();
  #prefixes: AffixTrie<T> | null = null;
  #suffixes: AffixTrie<T> | null = null;
  #blocks: AffixTrie<T> | null = null;
  #templates: TemplateTrie<Checked<T>> | null = null;
  /** By name of the namespace, or of namespace and account; those with more than a name in them are `others`. */
  #namespaces: Map<string, Checked<T>> | null = null;
  #accounts: Map<string, Checked<T>> | null = null;
  #domains: Map<string, Checked<T>> | null = null;
  #present: T | undefined;
  #nonEmpty: T | undefined;
  readonly #others = new Map<string, Checked<T>>();

  /** What is kept for `match` (`key` is its own, see `keyOf`), made when there is nothing. */
  ensure(match: ValueMatch, key: string, make: () => T): T {
    switch (match.kind) {
      case 'exact':
        return ensureIn(this.#exact, match.value, make);
      case 'port':
        return ensureIn(this.#exact, String(match.port), make);
      case 'prefix':
        return (this.#prefixes ??= new AffixTrie('forward')).ensure(match.value, make);
      case 'suffix':
        return (this.#suffixes ??= new AffixTrie('backward')).ensure(match.value, make);
      case 'present':
        return (this.#present ??= make());
      case 'non-empty':
        return (this.#nonEmpty ??= make());
      case 'ip':
        return (this.#blocks ??= new AffixTrie('forward')).ensure(blockBits(match.block), make);
      case 'template':
        if (textAfterRest(match.tokens) !== '') break;
        return (this.#templates ??= new TemplateTrie()).ensure(match.tokens, () => ({ match, value: make() }))
          .value;
      case 'namespace': {
        // One piece is `/ns/NAME/`.
        const name = (match.pieces[0] ?? '').slice(4, -1);
        if (match.pieces.length !== 1 || name.includes('/')) break;
        return ensureIn((this.#namespaces ??= new Map()), name, () => ({ match, value: make() })).value;
      }
      case 'service-account':
        return ensureIn((this.#accounts ??= new Map()), `${match.namespace}/${match.serviceAccount}`, () => ({
          match,
          value: make(),
        })).value;
      case 'trust-domain':
        if (match.pieces.length !== 1) break;
        return ensureIn((this.#domains ??= new Map()), match.pieces[0] ?? '', () => ({
          match,
          value: make(),
        })).value;
    }
    return ensureIn(this.#others, key, () => ({ match, value: make() })).value;
  }

  /** Adds to `into` what is kept for each value that `got` matches; each once. */
  collect(got: string, into: T[]): void {
    const exact = this.#exact.get(got);
    if (exact !== undefined) into.push(exact);
    this.#prefixes?.collect(got, into);
    this.#suffixes?.collect(got, into);
    if (this.#present !== undefined) into.push(this.#present);
    if (this.#nonEmpty !== undefined && got !== '') into.push(this.#nonEmpty);
    if (this.#blocks !== null) {
      const bits = addressBits(got);
      if (bits !== null) this.#blocks.collect(bits, into);
    }
    if (this.#templates !== null) {
      const candidates: Checked<T>[] = [];
      this.#templates.collect(got, candidates);
      collectChecked(candidates, got, into);
    }
    if (this.#namespaces ?? this.#accounts ?? this.#domains) this.#collectIdentity(got, into);
    if (this.#others.size > 0) collectChecked(this.#others.values(), got, into);
  }

  #collectIdentity(got: string, into: T[]): void {
    const keys = principalKeys(got);
    if (keys.trustDomain !== null) pushKnown(this.#domains?.get(keys.trustDomain), into);
    if (!keys.plain) {
      collectChecked(this.#namespaces?.values() ?? [], got, into);
      collectChecked(this.#accounts?.values() ?? [], got, into);
      return;
    }
    pushKnown(this.#namespaces?.get(keys.namespace), into);
    if (this.#accounts !== null) {
      pushKnown(this.#accounts.get(`${keys.namespace}/${keys.serviceAccount}`), into);
    }
  }
}

/** A text that two values share only when they match the same. */
export function keyOf(match: ValueMatch): string {
  switch (match.kind) {
    case 'exact':
    case 'prefix':
    case 'suffix':
      return `${match.kind} ${match.value}`;
    case 'ip':
      return `ip ${blockBits(match.block)}`;
    default:
      return JSON.stringify(match);
  }
}

function ensureIn<T>(map: Map<string, T>, key: string, make: () => T): T {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

function pushKnown<T>(known: Checked<T> | undefined, into: T[]): void {
  if (known !== undefined) into.push(known.value);
}

function collectChecked<T>(candidates: Iterable<Checked<T>>, got: string, into: T[]): void {
  for (const { match, value } of candidates) if (matchesValue(match, got)) into.push(value);
}

const BYTE_BITS: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(2).padStart(8, '0'),
);

/** A block is a prefix of the bits of its addresses; the families begin with letters of their own. */
function blockBits({ bytes, bits }: ByteBlock): string {
  return familyOf(bytes.length) + bitsOf(bytes).slice(0, bits);
}

function addressBits(text: string): string | null {
  const bytes = parseIpAddress(text);
  return bytes === null ? null : familyOf(bytes.length) + bitsOf(bytes);
}

function familyOf(length: number): string {
  return length === 4 ? 'a' : 'b';
}

function bitsOf(bytes: ArrayLike<number>): string {
  let bits = '';
  for (let index = 0; index < bytes.length; index += 1) bits += BYTE_BITS[bytes[index] ?? 0] ?? '';
  return bits;
}
