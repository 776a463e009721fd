/**
 * JSON of tokens and key sets, read as Envoy's protobuf does: an object at the top, no member twice, at most a
 * hundred levels, whole surrogate pairs, finite numbers. Objects have no prototype, so that no name is special.
 * Refuses by null, never by throwing; no recursion deeper than the limit.
 */

import type { ClaimValue, TokenClaims } from '../../model/request-facts.ts';

export type JsonValue = ClaimValue;
export type JsonObject = TokenClaims;

/** Levels of objects and lists that protobuf reads. */
const MAX_DEPTH = 100;

/** The object that `text` is; null when it is none, or not strictly. */
export function parseJsonObject(text: string): JsonObject | null {
  const parser = new Parser(text);
  try {
    return parser.document();
  } catch (error) {
    if (error instanceof NotJson) return null;
    throw error;
  }
}

/** An own member; undefined when there is none. */
export function memberOf(object: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Whether the value is an object, not a list and not null. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

class NotJson extends Error {}

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): JsonObject {
    this.#blanks();
    if (this.#text[this.#at] !== '{') throw new NotJson();
    const value = this.#object(1);
    this.#blanks();
    if (this.#at !== this.#text.length) throw new NotJson();
    return value;
  }

  #value(depth: number): JsonValue {
    this.#blanks();
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object(depth + 1);
      case '[':
        return this.#list(depth + 1);
      case '"':
        return this.#string();
      case 't':
        return this.#word('true', true);
      case 'f':
        return this.#word('false', false);
      case 'n':
        return this.#word('null', null);
      default:
        return this.#number();
    }
  }

  #object(depth: number): JsonObject {
    if (depth > MAX_DEPTH) throw new NotJson();
    const object: Record<string, JsonValue> = Object.create(null);
    this.#at += 1;
    this.#blanks();
    if (this.#take('}')) return object;
    for (;;) {
      this.#blanks();
      const name = this.#string();
      if (Object.hasOwn(object, name)) throw new NotJson();
      this.#blanks();
      if (!this.#take(':')) throw new NotJson();
      object[name] = this.#value(depth);
      this.#blanks();
      if (this.#take('}')) return object;
      if (!this.#take(',')) throw new NotJson();
    }
  }

  #list(depth: number): JsonValue[] {
    if (depth > MAX_DEPTH) throw new NotJson();
    const list: JsonValue[] = [];
    this.#at += 1;
    this.#blanks();
    if (this.#take(']')) return list;
    for (;;) {
      list.push(this.#value(depth));
      this.#blanks();
      if (this.#take(']')) return list;
      if (!this.#take(',')) throw new NotJson();
    }
  }

  #string(): string {
    if (!this.#take('"')) throw new NotJson();
    const parts: string[] = [];
    let start = this.#at;
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (Number.isNaN(code) || code < 0x20) throw new NotJson();
      if (code === QUOTE) {
        parts.push(this.#text.slice(start, this.#at));
        this.#at += 1;
        const text = parts.join('');
        if (!text.isWellFormed()) throw new NotJson();
        return text;
      }
      if (code === BACKSLASH) {
        parts.push(this.#text.slice(start, this.#at), this.#escape());
        start = this.#at;
      } else {
        this.#at += 1;
      }
    }
  }

  #escape(): string {
    const letter = this.#text[this.#at + 1] ?? '';
    const plain = ESCAPES[letter];
    if (plain !== undefined) {
      this.#at += 2;
      return plain;
    }
    const hex = this.#text.slice(this.#at + 2, this.#at + 6);
    if (letter !== 'u' || !/^[0-9a-fA-F]{4}$/.test(hex)) throw new NotJson();
    this.#at += 6;
    return String.fromCharCode(Number.parseInt(hex, 16));
  }

  #number(): number {
    const pattern = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/y;
    pattern.lastIndex = this.#at;
    const written = pattern.exec(this.#text)?.[0];
    const value = Number(written);
    if (!written || !Number.isFinite(value)) throw new NotJson();
    this.#at += written.length;
    return value;
  }

  #word<Word extends boolean | null>(written: string, value: Word): Word {
    if (!this.#text.startsWith(written, this.#at)) throw new NotJson();
    this.#at += written.length;
    return value;
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #blanks(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.#at += 1;
    }
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const ESCAPES: Readonly<Record<string, string | undefined>> = Object.assign(Object.create(null), {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
});
