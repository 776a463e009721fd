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
