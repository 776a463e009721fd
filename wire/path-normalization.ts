/**
 * A request's path as Istio's Envoy makes it before any policy sees it: fragment, escaped slashes, RFC 3986, dot
 * segments, merged slashes. On bytes, one pass each; the query is never touched. Refuses `%00`, as Envoy does.
 */
import type { PathNormalization } from '../model/mesh.ts';

/** `path` is what policies judge and what the upstream gets: one character a byte. */
export type NormalizedPath =
  | { kind: 'normalized'; path: string }
  | { kind: 'refused'; status: 400; details: 'path_normalization_failed' };

/**
 * Normalizes a request target that begins with `/`. A string has one character a byte (as HTTP/1 parsers give it);
 * characters above 255 are taken as their UTF-8 bytes.
 */
export function normalizePath(target: Uint8Array | string, mode: PathNormalization): NormalizedPath {
  if (typeof target === 'string' && isNormal(target, mode)) return { kind: 'normalized', path: target };
  const cut = withoutFragment(byteString(target));
  if (mode === 'NONE') return { kind: 'normalized', path: cut };
  const queryAt = cut.indexOf('?');
  const query = queryAt < 0 ? '' : cut.slice(queryAt);
  let path = queryAt < 0 ? cut : cut.slice(0, queryAt);
  if (mode === 'DECODE_AND_MERGE_SLASHES') path = unescapeSlashes(path);
  const escaped = canonicalEscapes(collapseParameterizedDots(path).replaceAll('\\', '/'));
  if (escaped === null) return { kind: 'refused', status: 400, details: 'path_normalization_failed' };
  path = collapseDots(escaped);
  if (mode === 'MERGE_SLASHES' || mode === 'DECODE_AND_MERGE_SLASHES') path = mergeSlashes(path);
  return { kind: 'normalized', path: path + query };
}

/** Whether the target is sure to stay as it is, in any mode that merges no slashes it has: what nearly all are. */
function isNormal(target: string, mode: PathNormalization): boolean {
  const { length } = target;
  if (target.charCodeAt(0) !== SLASH) return false;
  const slashesStay = mode === 'NONE' || mode === 'BASE';
  let at = 0;
  for (; at < length; at += 1) {
    const code = target.charCodeAt(at);
    if (code === QUESTION_MARK) break;
    if (code > 0xff || !NORMAL[code]) return false;
    if (code !== SLASH) continue;
    const next = at + 1 < length ? target.charCodeAt(at + 1) : 0;
    // A segment with a dot in front may be one that goes.
    if (next === DOT || (next === SLASH && !slashesStay)) return false;
  }
  for (; at < length; at += 1) {
    const code = target.charCodeAt(at);
    if (code === HASH || code > 0xff) return false;
  }
  return true;
}

/** One character a byte. */
export function byteString(value: Uint8Array | string): string {
  if (typeof value !== 'string') {
    let text = '';
    for (const byte of value) text += String.fromCharCode(byte);
    return text;
  }
  let plain = true;
  for (let index = 0; plain && index < value.length; index += 1) plain = value.charCodeAt(index) <= 0xff;
  return plain ? value : unescapeUtf8(value);
}

/** UTF-8 bytes of any text, one character each. */
export function unescapeUtf8(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(/%([0-9A-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

function withoutFragment(target: string): string {
  const hash = target.indexOf('#');
  return hash < 0 ? target : target.slice(0, hash);
}

/** `%2F` and `%5C` decoded, nothing else. */
export function unescapeSlashes(path: string): string {
  return path.replace(/%2[fF]|%5[cC]/g, (escape) => (escape.charAt(1) === '2' ? '/' : '\\'));
}

/**
 * `..;a=b` and `.;a` count as dot segments, but only when their dots are literal and slashes are around them: a pass
 * of its own, before escapes are decoded and backslashes turned (`/x\..;` stays, `/.;a\b` goes whole).
 */
function collapseParameterizedDots(path: string): string {
  if (!path.includes(';')) return path;
  return path
    .split('/')
    .map((segment) => (segment.startsWith('..;') ? '..' : segment.startsWith('.;') ? '.' : segment))
    .join('/');
}

/** Removes `.` and `..` segments; `..` takes the segment before it, an empty one too. Never above the root. */
function collapseDots(path: string): string {
  const kept: string[] = [];
  const segments = path.split('/').slice(1);
  for (const [index, segment] of segments.entries()) {
    const last = index === segments.length - 1;
    if (segment === '..') kept.pop();
    if (segment !== '.' && segment !== '..') kept.push(segment);
    else if (last) kept.push('');
  }
  return `/${kept.join('/')}`;
}

/** Envoy joins the non-empty segments between a first and a last slash: nothing but slashes becomes `//`. */
export function mergeSlashes(path: string): string {
  if (!path.includes('//')) return path;
  const segments = path.split('/').filter((segment) => segment !== '');
  return `/${segments.join('/')}${path.endsWith('/') ? '/' : ''}`;
}

/** Decodes unreserved bytes, encodes what may not stand in a path, keeps all else as sent; null for `%00`. */
function canonicalEscapes(path: string): string | null {
  let out = '';
  /** Where in `out` a `%` stands that begins no escape. */
  let stray = -1;
  for (let index = 0; index < path.length; index += 1) {
    const code = path.charCodeAt(index);
    if (code !== PERCENT) {
      out += isEncoded(code) ? percentEncoded(code) : path.charAt(index);
      continue;
    }
    const byte = escapedByte(path, index);
    if (byte === null) {
      stray = out.length;
      out += '%';
      continue;
    }
    if (byte === 0) return null;
    if (isUnreserved(byte)) {
      out += String.fromCharCode(byte);
      out = guardStray(out, stray, path.charAt(index + 3));
    } else {
      out += path.slice(index, index + 3);
    }
    index += 2;
  }
  return out;
}

/** A decoded byte must not complete a stray `%` to a new escape (`%2%35` would become `%25`): encode that `%`. */
function guardStray(out: string, stray: number, next: string): string {
  if (stray < 0 || stray < out.length - 3) return out;
  const tail = out.slice(stray + 1);
  const completed = tail.length === 1 ? tail + next : tail;
  return isHex(completed) ? `${out.slice(0, stray)}%25${tail}` : out;
}

const PERCENT = 0x25;
const SLASH = 0x2f;
const DOT = 0x2e;
const HASH = 0x23;
const QUESTION_MARK = 0x3f;
/** Bytes of a path that no mode changes, whatever stands around them (but for the dots of a segment). */
const NORMAL: readonly boolean[] = Array.from(
  { length: 256 },
  (_, code) => !isEncoded(code) && code !== PERCENT && code !== HASH && code !== 0x5c,
);

function escapedByte(text: string, index: number): number | null {
  const hex = text.slice(index + 1, index + 3);
  return isHex(hex) ? Number.parseInt(hex, 16) : null;
}

function isHex(text: string): boolean {
  return /^[0-9a-fA-F]{2}$/.test(text);
}

function isUnreserved(code: number): boolean {
  const letter = code | 0x20;
  return (
    (letter >= 0x61 && letter <= 0x7a) ||
    (code >= 0x30 && code <= 0x39) ||
    '-._~'.includes(String.fromCharCode(code))
  );
}

function isEncoded(code: number): boolean {
  return code <= 0x20 || code >= 0x7f || '"<>^`{|}'.includes(String.fromCharCode(code));
}

function percentEncoded(code: number): string {
  return `%${code.toString(16).toUpperCase().padStart(2, '0')}`;
}
