/**
 * RE2's syntax → a tree. Takes what Istio's routes are written with; what RE2 knows and this doesn't (`\p{…}`, `\C`,
 * multi-line mode) is named as a problem, and what RE2 refuses (look-around, back-references) too.
 */
import { charSet, EVERY_POINT, negate, namedClass, posixClass, type CharSet } from './regex-classes.ts';

export type RegexNode =
  | { kind: 'set'; set: CharSet }
  | { kind: 'sequence'; parts: RegexNode[] }
  | { kind: 'choice'; options: RegexNode[] }
  | { kind: 'repeat'; part: RegexNode; min: number; max: number | null; lazy: boolean }
  | { kind: 'group'; index: number; part: RegexNode }
  | { kind: 'assert'; what: 'start' | 'end' | 'word' | 'not-word' };

export interface ParsedRegex {
  root: RegexNode;
  groups: number;
}

/** RE2's own bound. */
const MAX_REPEAT = 1_000;
const MAX_DEPTH = 200;
const MAX_LENGTH = 10_000;
const NO_NEWLINE = charSet([
  [0, 9],
  [11, 0x10ffff],
]);

class RegexSyntaxError extends Error {}

interface Flags {
  ignoreCase: boolean;
  dotAll: boolean;
  ungreedy: boolean;
}

/** Reads a pattern. */
export function parseRegex(pattern: string): ParsedRegex | { problem: string } {
  if (pattern.length > MAX_LENGTH) return { problem: `longer than ${MAX_LENGTH} characters` };
  try {
    return new Parser(pattern).parse();
  } catch (error) {
    if (error instanceof RegexSyntaxError) return { problem: error.message };
    throw error;
  }
}

class Parser {
  readonly #text: string[];
  #at = 0;
  #groups = 0;
  #depth = 0;

  constructor(pattern: string) {
    this.#text = [...pattern];
  }

  parse(): ParsedRegex {
    const root = this.#choice({ ignoreCase: false, dotAll: false, ungreedy: false });
    if (this.#at < this.#text.length) throw new RegexSyntaxError('unexpected )');
    return { root, groups: this.#groups };
  }

  #peek(): string | undefined {
    return this.#text[this.#at];
  }

  #take(wanted: string): boolean {
    for (let index = 0; index < wanted.length; index += 1)
      if (this.#text[this.#at + index] !== wanted[index]) return false;
    this.#at += wanted.length;
    return true;
  }

  #choice(flags: Flags): RegexNode {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw new RegexSyntaxError('nested too deep');
    const own = { ...flags };
    const options = [this.#sequence(own)];
    while (this.#take('|')) options.push(this.#sequence(own));
    this.#depth -= 1;
    return options.length === 1 ? (options[0] as RegexNode) : { kind: 'choice', options };
  }

  #sequence(flags: Flags): RegexNode {
    const parts: RegexNode[] = [];
    for (let next = this.#peek(); next !== undefined && next !== '|' && next !== ')'; next = this.#peek()) {
      const atoms = this.#atoms(flags);
      const last = atoms.pop();
      parts.push(...atoms);
      if (last !== undefined) parts.push(this.#repeated(last, flags));
    }
    return { kind: 'sequence', parts };
  }

  /** One as a rule; none for flags alone, and the characters of a quotation, of which only the last can be repeated. */
  #atoms(flags: Flags): RegexNode[] {
    if (this.#take('\\Q')) return this.#quoted(flags);
    if (this.#take('(')) return this.#group(flags);
    return [this.#atom(flags)];
  }

  #atom(flags: Flags): RegexNode {
    const start = this.#at;
    if (this.#bounds() !== null) {
      const operator = this.#text.slice(start, this.#at).join('');
      throw new RegexSyntaxError(`missing argument to repetition operator: ${operator}`);
    }
    const char = this.#text[this.#at] as string;
    this.#at += 1;
    switch (char) {
      case '[':
        return { kind: 'set', set: this.#class(flags) };
      case '.':
        return { kind: 'set', set: flags.dotAll ? EVERY_POINT : NO_NEWLINE };
      case '^':
        return { kind: 'assert', what: 'start' };
      case '$':
        return { kind: 'assert', what: 'end' };
      case '\\':
        return this.#escape(flags);
      default:
        return literal(char, flags);
    }
  }

  #group(flags: Flags): RegexNode[] {
    if (!this.#take('?')) return [this.#capture(flags)];
    if (
      this.#take('P<') ||
      (this.#text[this.#at + 1] !== '=' && this.#text[this.#at + 1] !== '!' && this.#take('<'))
    ) {
      const end = this.#text.indexOf('>', this.#at);
      if (end < 0) throw new RegexSyntaxError('invalid named group');
      this.#at = end + 1;
      return [this.#capture(flags)];
    }
    const set = { ...flags };
    let on = true;
    for (;;) {
      const char = this.#text[this.#at];
      this.#at += 1;
      if (char === '-' && on) on = false;
      else if (char === 'i') set.ignoreCase = on;
      else if (char === 's') set.dotAll = on;
      else if (char === 'U') set.ungreedy = on;
      else if (char === 'm' && !on) continue;
      else if (char === ':') return [this.#closed(this.#choice(set))];
      else if (char === ')') {
        Object.assign(flags, set);
        return [];
      } else throw new RegexSyntaxError(`(?${char ?? ''} is not supported`);
    }
  }

  #capture(flags: Flags): RegexNode {
    this.#groups += 1;
    const index = this.#groups;
    return { kind: 'group', index, part: this.#closed(this.#choice(flags)) };
  }

  #closed(node: RegexNode): RegexNode {
    if (!this.#take(')')) throw new RegexSyntaxError('missing closing )');
    return node;
  }

  #repeated(part: RegexNode, flags: Flags): RegexNode {
    let node = part;
    for (let times = 0; ; times += 1) {
      const bounds = this.#bounds();
      if (bounds === null) return node;
      if (times > 0) throw new RegexSyntaxError('invalid nested repetition operator');
      const lazy = this.#take('?') !== flags.ungreedy;
      node = { kind: 'repeat', part: node, ...bounds, lazy };
    }
  }

  #bounds(): { min: number; max: number | null } | null {
    if (this.#take('*')) return { min: 0, max: null };
    if (this.#take('+')) return { min: 1, max: null };
    if (this.#take('?')) return { min: 0, max: 1 };
    if (this.#peek() !== '{') return null;
    const counted = /^\{(\d+)(,(\d*))?\}/.exec(this.#text.slice(this.#at, this.#at + 16).join(''));
    // RE2 takes a brace that counts nothing as itself.
    if (counted === null) return null;
    this.#at += counted[0].length;
    const min = Number(counted[1]);
    const max = counted[2] === undefined ? min : counted[3] === '' ? null : Number(counted[3]);
    if (min > MAX_REPEAT || (max ?? 0) > MAX_REPEAT || (max !== null && max < min))
      throw new RegexSyntaxError(`invalid repeat count: ${counted[0]}`);
    return { min, max };
  }

  /** What stands behind a backslash outside of classes. */
  #escape(flags: Flags): RegexNode {
    const char = this.#text[this.#at];
    if (char === 'b' || char === 'B' || char === 'A' || char === 'z') {
      this.#at += 1;
      const what = ({ b: 'word', B: 'not-word', A: 'start', z: 'end' } as const)[char];
      return { kind: 'assert', what };
    }
    const named = namedClass(char ?? '');
    if (named === null) return { kind: 'set', set: foldIf(flags, pointSet(this.#escapedPoint())) };
    this.#at += 1;
    return { kind: 'set', set: named };
  }

  #quoted(flags: Flags): RegexNode[] {
    const parts: RegexNode[] = [];
    while (this.#at < this.#text.length && !this.#take('\\E')) {
      parts.push(literal(this.#text[this.#at] as string, flags));
      this.#at += 1;
    }
    return parts;
  }

  #escapedPoint(): number {
    const char = this.#text[this.#at];
    this.#at += 1;
    if (char === undefined) throw new RegexSyntaxError('trailing backslash');
    const control = 'aftnrv'.indexOf(char);
    if (control >= 0) return [7, 12, 9, 10, 13, 11][control] as number;
    if (char === 'x') return this.#hex();
    if (/[0-7]/.test(char)) {
      const octal = /^[0-7]{1,3}/.exec(this.#text.slice(this.#at - 1, this.#at + 2).join(''))?.[0] ?? '';
      if (char !== '0' && octal.length < 2) throw new RegexSyntaxError(`invalid escape sequence: \\${char}`);
      this.#at += octal.length - 1;
      return Number.parseInt(octal, 8);
    }
    // Only ASCII's punctuation stands for itself.
    if (/[^!-/:-@[-`{-~ ]/.test(char)) throw new RegexSyntaxError(`invalid escape sequence: \\${char}`);
    return char.codePointAt(0) as number;
  }

  #hex(): number {
    const found = /^(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,6})\})/.exec(
      this.#text.slice(this.#at, this.#at + 8).join(''),
    );
    const point = Number.parseInt(found?.[1] ?? found?.[2] ?? '', 16);
    if (found === null || point > 0x10ffff) throw new RegexSyntaxError('invalid escape sequence: \\x');
    this.#at += found[0].length;
    return point;
  }

  #class(flags: Flags): CharSet {
    const negated = this.#take('^');
    let set: CharSet = [];
    for (let first = true; first || this.#peek() !== ']'; first = false) {
      if (this.#at >= this.#text.length) throw new RegexSyntaxError('missing closing ]');
      set = charSet([...set, ...this.#classPart(flags)]);
    }
    this.#at += 1;
    return negated ? negate(set) : set;
  }

  #classPart(flags: Flags): CharSet {
    const posix = /^\[:(\^?[a-z]+):\]/.exec(this.#text.slice(this.#at, this.#at + 16).join(''));
    if (posix !== null) {
      const set = posixClass(posix[1] as string);
      if (set === null) throw new RegexSyntaxError(`invalid character class range: ${posix[0]}`);
      this.#at += posix[0].length;
      return set;
    }
    const named = this.#peek() === '\\' ? namedClass(this.#text[this.#at + 1] ?? '') : null;
    if (named !== null) {
      this.#at += 2;
      return named;
    }
    const low = this.#classPoint();
    if (this.#peek() !== '-' || this.#text[this.#at + 1] === ']') return foldIf(flags, pointSet(low));
    this.#at += 1;
    const high = this.#classPoint();
    if (high < low) throw new RegexSyntaxError('invalid character class range');
    return foldIf(flags, [[low, high]]);
  }

  #classPoint(): number {
    if (this.#take('\\')) return this.#escapedPoint();
    const point = this.#peek()?.codePointAt(0);
    if (point === undefined) throw new RegexSyntaxError('missing closing ]');
    this.#at += 1;
    return point;
  }
}

function pointSet(point: number): CharSet {
  return [[point, point]];
}

function literal(char: string, flags: Flags): RegexNode {
  return { kind: 'set', set: foldIf(flags, pointSet(char.codePointAt(0) as number)) };
}

/** Both cases of letters; of others than ASCII's, those of single letters only. */
function foldIf({ ignoreCase }: Flags, set: CharSet): CharSet {
  if (!ignoreCase) return set;
  const folded: [number, number][] = set.map(([low, high]) => [low, high]);
  for (const [low, high] of set) {
    for (const [first, last, shift] of [
      [65, 90, 32],
      [97, 122, -32],
    ] as const) {
      const [from, to] = [Math.max(low, first), Math.min(high, last)];
      if (from <= to) folded.push([from + shift, to + shift]);
    }
    if (low === high && low >= 0x80) {
      const char = String.fromCodePoint(low);
      for (const other of [char.toLowerCase(), char.toUpperCase()]) {
        const point = other.codePointAt(0) as number;
        if ([...other].length === 1) folded.push([point, point]);
      }
    }
  }
  return charSet(folded);
}
