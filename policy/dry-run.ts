/** Whether a policy is only tried: the annotation `istio.io/dry-run`, read as istiod reads it. */
import type { PolicyObject } from '../model/policy-object.ts';

/** What Go's strconv takes for true. */
const TRUE: ReadonlySet<string> = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);

/** A dry run is told and never enforced. */
export function isDryRun({ metadata }: PolicyObject): boolean {
  return TRUE.has(metadata.annotations['istio.io/dry-run'] ?? '');
}
