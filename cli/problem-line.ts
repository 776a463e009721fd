/** A problem on a terminal. Its words may quote a file, a builder or a container, and those any character. */
import { formatProblem, type Problem } from '../model/problem.ts';
import { printable } from './output.ts';

/** As `formatProblem` has it, with what could move a cursor written out. */
export function problemLine({ message, hint, ...rest }: Problem): string {
  const words = { ...rest, message: printable(message) };
  return formatProblem(hint === undefined ? words : { ...words, hint: printable(hint) });
}
