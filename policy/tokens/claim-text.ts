/** Claims as text: in headers for the application, as Envoy writes them, and as values that policies compare. */
import type { RequestFacts } from '../../model/request-facts.ts';
import { unescapeUtf8 } from '../../wire/path-normalization.ts';
import { encodeBase64 } from './base64.ts';
import { isJsonObject, type JsonObject, type JsonValue, memberOf } from './strict-json.ts';
import { encodeUtf8 } from './utf8.ts';

/** The claim at a path of names through objects; undefined when there is none. */
export function claimAt(claims: JsonObject, path: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = claims;
  for (const name of path) {
    if (!isJsonObject(value)) return undefined;
    value = memberOf(value, name);
  }
  return value;
}

/** A header's value for the claim, one character a byte; '' = no header. */
export function claimHeaderValue(value: JsonValue | undefined): string {
  if (typeof value === 'string') return unescapeUtf8(value);
  if (typeof value === 'number') return numberText(value);
  if (typeof value === 'boolean') return String(value);
  if (value === undefined || value === null) return '';
  return encodeBase64(encodeUtf8(jsonText(value)));
}

/** The strings at a claim's path that a clause compares; none without a token. */
export function claimValues(path: readonly string[], facts: RequestFacts): readonly string[] {
  return facts.claims ? claimStrings(claimAt(facts.claims, path)) : [];
}

/** Strings that a clause about the claim compares: itself, or the strings of its list. Nothing else is comparable. */
function claimStrings(value: JsonValue | undefined): readonly string[] {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}

/** The claims with each string under one of `names` split at its spaces; lists and empty strings stay. */
export function splitAtSpaces(claims: JsonObject, names: readonly string[]): JsonObject {
  const split: Record<string, JsonValue> = Object.assign(Object.create(null), claims);
  for (const name of names) {
    const value = memberOf(claims, name);
    const words = typeof value === 'string' ? value.split(' ').filter((word) => word !== '') : [];
    if (words.length > 0) split[name] = words;
  }
  return split;
}

/** Whole numbers that fit 64 bits without a sign as such, others with six decimals. */
function numberText(value: number): string {
  if (value >= 0 && value < 2 ** 64 && Number.isInteger(value)) return BigInt(value).toString();
  return Math.abs(value) < 1e21 ? value.toFixed(6) : `${BigInt(value)}.000000`;
}

/** JSON as protobuf prints it: no blanks, what a page or terminal could trip over escaped, numbers with as many digits as they need. */
function jsonText(value: JsonValue): string {
  if (typeof value === 'number') return jsonNumber(value);
  if (typeof value === 'string') return jsonString(value);
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`;
  if (isJsonObject(value)) {
    return `{${Object.entries(value)
      .map(([name, member]) => `${jsonString(name)}:${jsonText(member)}`)
      .join(',')}}`;
  }
  return String(value);
}

/** What protobuf escapes besides `JSON.stringify`: C1 controls and invisible format characters, first to last. */
const ESCAPED_RANGES: readonly (readonly [first: number, last: number])[] = [
  [0x3c, 0x3c],
  [0x3e, 0x3e],
  [0x7f, 0x9f],
  [0xad, 0xad],
  [0x600, 0x603],
  [0x6dd, 0x6dd],
  [0x70f, 0x70f],
  [0x17b4, 0x17b5],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x2064],
  [0x206a, 0x206f],
  [0xfeff, 0xfeff],
  [0xfff9, 0xfffb],
  [0x1d173, 0x1d17a],
  [0xe0001, 0xe0001],
  [0xe0020, 0xe007f],
];

function jsonString(text: string): string {
  return Array.from(JSON.stringify(text), (character) => {
    const code = character.codePointAt(0) ?? 0;
    return ESCAPED_RANGES.some(([first, last]) => code >= first && code <= last)
      ? escaped(character)
      : character;
  }).join('');
}

/** A backslash, `u` and four digits a UTF-16 unit. */
function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}

/** C's `%.15g`, or `%.17g` where that isn't the same number. */
function jsonNumber(value: number): string {
  const digits = Number(value.toPrecision(15)) === value ? 15 : 17;
  const [mantissa = '', exponentText = '0'] = value.toExponential(digits - 1).split('e');
  const exponent = Number(exponentText);
  const trim = (text: string) => (text.includes('.') ? text.replace(/0+$/, '').replace(/\.$/, '') : text);
  if (exponent >= -4 && exponent < digits) return trim(value.toFixed(Math.min(100, digits - 1 - exponent)));
  return `${trim(mantissa)}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}
