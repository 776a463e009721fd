/**
 * How a schema's own check says what is wrong: a message, and for the reader of the file a stable code and a hint.
 * `issue-problems.ts` turns it into a `Problem` with its place.
 */
import type { z } from 'zod';

export interface CheckContext {
  addIssue(issue: z.core.$ZodSuperRefineIssue): void;
}

export interface CheckedIssue {
  path: (string | number)[];
  code: string;
  message: string;
  hint?: string;
}

/** Reports one issue from within `superRefine`. */
export function report(context: CheckContext, issue: CheckedIssue): void {
  context.addIssue({
    code: 'custom',
    path: issue.path,
    message: issue.message,
    params: issue.hint === undefined ? { code: issue.code } : { code: issue.code, hint: issue.hint },
  });
}
