/**
 * Regular expressions of routes, as RE2 has them: matched in time linear in the text, whatever a client sends. JavaScript's
 * own backtrack, so none is ever made of a policy's pattern. Texts come off the wire, one character a byte, and are
 * matched as the UTF-8 that those bytes are.
 */
import { compileProgram, type Program } from './regex-program.ts';
import { parseRegex } from './regex-syntax.ts';
import { runProgram } from './regex-run.ts';

/** Plain JSON; its program is made where it is first needed. */
export interface RegularExpression {
  pattern: string;
}

/** Programs by pattern; patterns come from policies only, never from requests. */
const programs = new Map<string, Program>();
const MAX_PROGRAMS = 10_000;

/** What is wrong with a pattern, or can't be matched here; null when nothing is. */
export function regexProblem(pattern: string): string | null {
  const parsed = parseRegex(pattern);
  if ('problem' in parsed) return parsed.problem;
  const program = compileProgram(parsed);
  return 'problem' in program ? program.problem : null;
}

/** Whether the whole text is a match, as Envoy asks of paths and headers. A pattern that can't be read matches nothing. */
export function matchesWhole({ pattern }: RegularExpression, text: string): boolean {
  const program = programOf(pattern);
  if (program === null) return false;
  const points = codePoints(text);
  const found = runProgram(program, points, { from: 0, whole: true });
  return found !== null;
}

/** Whether any part of `text`, which is no bytes but characters, is a match, as JSON Schema asks. */
export function matchesSomewhere({ pattern }: RegularExpression, text: string): boolean {
  const program = programOf(pattern);
  if (program === null) return false;
  const points = Array.from(text, (character) => character.codePointAt(0) ?? 0);
  return runProgram(program, points, { from: 0, whole: false }) !== null;
}

/** All matches replaced; `\1` in the substitution is the first group, `\0` the match. */
export function replaceAll({ pattern }: RegularExpression, text: string, substitution: string): string {
  const program = programOf(pattern);
  if (program === null) return text;
  const points = codePoints(text);
  const out: string[] = [];
  let at = 0;
  let lastEnd = -1;
  while (at <= points.length) {
    const found = runProgram(program, points, { from: at, whole: false });
    if (found === null) break;
    const [start = 0, end = 0] = found;
    out.push(textOf(points.slice(at, start)));
    if (start === end && start === lastEnd) {
      // An empty match right after a match is none.
      out.push(textOf(points.slice(start, start + 1)));
      at = start + 1;
      continue;
    }
    out.push(expand(substitution, points, found));
    at = end;
    lastEnd = end;
  }
  if (at < points.length) out.push(textOf(points.slice(at)));
  return out.join('');
}

function programOf(pattern: string): Program | null {
  const known = programs.get(pattern);
  if (known !== undefined) return known;
  const parsed = parseRegex(pattern);
  const program = 'problem' in parsed ? parsed : compileProgram(parsed);
  if ('problem' in program) return null;
  if (programs.size >= MAX_PROGRAMS) programs.clear();
  programs.set(pattern, program);
  return program;
}

function expand(substitution: string, points: readonly number[], groups: readonly number[]): string {
  return substitution.replace(/\\([0-9\\])/g, (_, what: string) => {
    if (what === '\\') return '\\';
    const index = Number(what) * 2;
    const [start = -1, end = -1] = [groups[index], groups[index + 1]];
    return start < 0 ? '' : textOf(points.slice(start, end));
  });
}

/** Bytes (as characters) → code points; a byte that is no UTF-8 is one that no pattern takes. */
function codePoints(text: string): number[] {
  const points: number[] = [];
  for (let index = 0; index < text.length; ) {
    const lead = text.charCodeAt(index);
    const length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
    const point = length === 1 ? lead : decode(text, index, length);
    points.push(point);
    index += point < 0 ? 1 : length;
  }
  return points;
}

/** A sequence of 2 to 4 bytes; else the byte itself, negative, so that it can be written back. */
function decode(text: string, index: number, length: number): number {
  const lead = text.charCodeAt(index);
  if (length === 0 || index + length > text.length) return -1 - lead;
  let point = lead & (0xff >> (length + 1));
  for (let next = index + 1; next < index + length; next += 1) {
    const byte = text.charCodeAt(next);
    if (byte < 0x80 || byte > 0xbf) return -1 - lead;
    point = (point << 6) | (byte & 0x3f);
  }
  return point;
}

/** Code points → bytes as characters. */
function textOf(points: readonly number[]): string {
  let text = '';
  for (const point of points) {
    if (point < 0) text += String.fromCharCode(-1 - point);
    else if (point < 0x80) text += String.fromCharCode(point);
    else text += encodeURIComponent(String.fromCodePoint(point)).replace(/%(..)/g, byteOf);
  }
  return text;
}

function byteOf(_: string, hex: string): string {
  return String.fromCharCode(Number.parseInt(hex, 16));
}
