/** Where RE2's syntax and JavaScript's mean the same, both take the same texts and replace the same places. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { matchesWhole, replaceAll } from '../../../policy/routes/regular-expression.ts';

const atom = fc.constantFrom(
  'a',
  'b',
  '1',
  '-',
  '.',
  '\\d',
  '\\w',
  '\\W',
  '\\.',
  '[a-b]',
  '[^a]',
  '[-1]',
  '(?:\\b)',
);
const quantifier = fc.constantFrom('', '', '', '*', '+', '?', '*?', '+?', '??', '{2}', '{1,2}', '{0,2}?');

const { pattern } = fc.letrec<{ pattern: string; sequence: string; part: string }>((tie) => ({
  pattern: fc.oneof(
    { weight: 3, arbitrary: tie('sequence') },
    fc.tuple(tie('sequence'), tie('sequence')).map(([one, other]) => `${one}|${other}`),
  ),
  sequence: fc.array(tie('part'), { maxLength: 4 }).map((parts) => parts.join('')),
  part: fc.oneof(
    { weight: 4, arbitrary: fc.tuple(atom, quantifier).map((both) => both.join('')) },
    // JavaScript goes around no loop that took nothing.
    fc.tuple(tie('pattern'), quantifier).map(([inner, times]) => `(?:(?:${inner})a)${times}`),
  ),
}));
const text = fc
  .array(fc.constantFrom('a', 'b', '1', '-', '.', 'A', '_'), { maxLength: 6 })
  .map((all) => all.join(''));

it('a generated expression takes what JavaScript’s takes', () => {
  fc.assert(
    fc.property(pattern, text, (expression, whole) => {
      const wanted = new RegExp(`^(?:${expression})$`).test(whole);
      expect(matchesWhole({ pattern: expression }, whole)).toBe(wanted);
    }),
    { numRuns: 2_000 },
  );
});

it('and replaces what JavaScript’s replaces, where no match is empty', () => {
  fc.assert(
    fc.property(pattern, text, (expression, whole) => {
      const solid = `a(?:${expression})`;
      const wanted = whole.replace(new RegExp(solid, 'g'), '<$&>');
      expect(replaceAll({ pattern: solid }, whole, '<\\0>')).toBe(wanted);
    }),
    { numRuns: 2_000 },
  );
});
