/** Closes one thing after the other; one that can't be closed keeps none of the others open. */

/** What went wrong, in order. */
export async function closeAll(
  steps: readonly (() => Promise<void> | void | undefined)[],
): Promise<unknown[]> {
  const failures: unknown[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      failures.push(error);
    }
  }
  return failures;
}

/** Throws what went wrong: one failure as it is, several together. */
export function throwAny(failures: readonly unknown[], message: string): void {
  if (failures.length === 1) throw failures[0];
  if (failures.length > 0) throw new AggregateError(failures, message);
}
