/**
 * Field lines of an HTTP/1 head (RFC 9112 §5), strict: CRLF line ends only, no folding, no blank before the colon.
 * Text has one character a byte. Built for the hot path: one pass, and no object but the pairs.
 */
import { CAPITAL, COLON, CR, LF, NO, SPACE, TAB, TOKEN, VALUE } from './bytes.ts';

/** Why `readFieldLines` gave no position: the text ended too early, or breaks the grammar. */
export const INCOMPLETE = -1;
export const BROKEN = -2;

/**
 * Reads lines from `start` to the empty line that ends them, and adds their pairs (names lower-case, values without
 * the blanks around them) to `fields`. Gives the position behind the empty line, `INCOMPLETE` or `BROKEN`; more than
 * `most` lines are broken too.
 */
export function readFieldLines(
  text: string,
  start: number,
  fields: [string, string][],
  most: number,
): number {
  const { length } = text;
  let at = start;
  for (;;) {
    if (at >= length) return INCOMPLETE;
    if (text.charCodeAt(at) === CR) {
      if (at + 1 >= length) return INCOMPLETE;
      return text.charCodeAt(at + 1) === LF ? at + 2 : BROKEN;
    }
    if (fields.length >= most) return BROKEN;
    const nameStart = at;
    let capitals = false;
    let code = 0;
    for (; at < length; at += 1) {
      code = text.charCodeAt(at);
      const kind = TOKEN[code];
      if (kind === NO) break;
      if (kind === CAPITAL) capitals = true;
    }
    if (at >= length) return INCOMPLETE;
    if (code !== COLON || at === nameStart) return BROKEN;
    const name = text.slice(nameStart, at);
    at += 1;
    while (at < length && isBlank(text.charCodeAt(at))) at += 1;
    const valueStart = at;
    while (at < length && VALUE[text.charCodeAt(at)] !== NO) at += 1;
    if (at + 1 >= length) return at < length && text.charCodeAt(at) !== CR ? BROKEN : INCOMPLETE;
    if (text.charCodeAt(at) !== CR || text.charCodeAt(at + 1) !== LF) return BROKEN;
    let valueEnd = at;
    while (valueEnd > valueStart && isBlank(text.charCodeAt(valueEnd - 1))) valueEnd -= 1;
    fields.push([capitals ? name.toLowerCase() : name, text.slice(valueStart, valueEnd)]);
    at += 2;
  }
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}

/** A Content-Length that every parser reads alike: digits without a leading zero, within exact integers. null = none. */
export function plainLength(value: string): number | null {
  const { length } = value;
  if (length === 0 || length > 15) return null;
  let sum = 0;
  for (let at = 0; at < length; at += 1) {
    const digit = value.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return null;
    sum = sum * 10 + digit;
  }
  return length > 1 && value.charCodeAt(0) === 0x30 ? null : sum;
}
