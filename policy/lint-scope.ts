/** Where policies apply, compared. */
import type { LintedPolicy } from './lint-view.ts';

/** Whether `wide` applies to every workload of `narrow`. */
export function appliesWherever(wide: LintedPolicy, narrow: LintedPolicy): boolean {
  return narrow.workloads.every((workload) => wide.workloads.includes(workload));
}
