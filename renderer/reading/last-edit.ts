/** What became of the last edit of the policy files, in words. */
import { hasErrors, type Problem } from '../../model/problem.ts';

/** `problems`: the session's. Warnings and notices come with an edit that is in force. */
export function lastEditWords(problems: readonly Problem[]): string {
  return hasErrors(problems) ? 'the last edit was refused' : 'what is on disk is in force';
}
