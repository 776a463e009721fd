/** Sets of code points, as sorted ranges that don't touch. */

export type CharSet = readonly (readonly [number, number])[];

const MAX_POINT = 0x10ffff;
export const EVERY_POINT: CharSet = [[0, MAX_POINT]];

/** Sorts and joins ranges. */
export function charSet(ranges: readonly (readonly [number, number])[]): CharSet {
  const sorted = [...ranges].sort((a, b) => a[0] - b[0]);
  const joined: [number, number][] = [];
  for (const [low, high] of sorted) {
    const last = joined.at(-1);
    if (last !== undefined && low <= last[1] + 1) last[1] = Math.max(last[1], high);
    else joined.push([low, high]);
  }
  return joined;
}

export function negate(set: CharSet): CharSet {
  const rest: [number, number][] = [];
  let next = 0;
  for (const [low, high] of set) {
    if (low > next) rest.push([next, low - 1]);
    next = high + 1;
  }
  if (next <= MAX_POINT) rest.push([next, MAX_POINT]);
  return rest;
}

export function contains(set: CharSet, point: number): boolean {
  for (const [low, high] of set) {
    if (point < low) return false;
    if (point <= high) return true;
  }
  return false;
}

const DIGIT = charSet([[48, 57]]);
const WORD = charSet([
  [48, 57],
  [65, 90],
  [95, 95],
  [97, 122],
]);
const SPACE = charSet([
  [9, 10],
  [12, 13],
  [32, 32],
]);

/** `\d \w \s` and their opposites; ASCII's, as RE2 has them. */
export function namedClass(letter: string): CharSet | null {
  switch (letter) {
    case 'd':
      return DIGIT;
    case 'w':
      return WORD;
    case 's':
      return SPACE;
    case 'D':
      return negate(DIGIT);
    case 'W':
      return negate(WORD);
    case 'S':
      return negate(SPACE);
    default:
      return null;
  }
}

const POSIX: Readonly<Record<string, CharSet>> = {
  alnum: charSet([
    [48, 57],
    [65, 90],
    [97, 122],
  ]),
  alpha: charSet([
    [65, 90],
    [97, 122],
  ]),
  ascii: charSet([[0, 127]]),
  blank: charSet([
    [9, 9],
    [32, 32],
  ]),
  cntrl: charSet([
    [0, 31],
    [127, 127],
  ]),
  digit: DIGIT,
  graph: charSet([[33, 126]]),
  lower: charSet([[97, 122]]),
  print: charSet([[32, 126]]),
  punct: charSet([
    [33, 47],
    [58, 64],
    [91, 96],
    [123, 126],
  ]),
  space: charSet([
    [9, 13],
    [32, 32],
  ]),
  upper: charSet([[65, 90]]),
  word: WORD,
  xdigit: charSet([
    [48, 57],
    [65, 70],
    [97, 102],
  ]),
};

/** `alpha` or `^alpha` of `[[:alpha:]]`; null when there is none. */
export function posixClass(name: string): CharSet | null {
  const plain = name.startsWith('^') ? name.slice(1) : name;
  const set = Object.hasOwn(POSIX, plain) ? (POSIX[plain] as CharSet) : null;
  return set === null || plain === name ? set : negate(set);
}

export function isWordPoint(point: number | undefined): boolean {
  return point !== undefined && contains(WORD, point);
}
