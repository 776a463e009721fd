/**
 * The patterns of a user's schemas, without JavaScript's own expressions: these backtrack, and one request could hold a
 * worker for ever.
 */
import { matchesSomewhere, regexProblem } from '../../policy/routes/regular-expression.ts';

/**
 * For ajv's `code.regExp`. Reads a pattern as RE2 does; what only ECMA-262 has (references back, looking ahead or
 * behind) throws, and with it the whole document is refused.
 */
export function linearPattern(pattern: string): { test(text: string): boolean; toString(): string } {
  const problem = regexProblem(pattern);
  if (problem !== null) throw new Error(`pattern ${JSON.stringify(pattern)}: ${problem}`);
  // ajv keeps patterns by their text, and would take two with one text for the same.
  return { test: (text) => matchesSomewhere({ pattern }, text), toString: () => `/${pattern}/u` };
}

/** ajv writes it into code that it makes to be saved; nothing is saved here. */
linearPattern.code = 'linearPattern';
