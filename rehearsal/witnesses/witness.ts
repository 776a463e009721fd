/**
 * A witness says what reached the application, without asking our proxy. "Blocked" is a positive claim: it needs a
 * witness that saw nothing of the attack, and that proved just then that it would have seen it.
 */
import type { WitnessReport } from '../../model/rehearsal-report.ts';

export interface WitnessedRequest {
  method: string;
  path: string;
}

export interface Witness {
  readonly kind: WitnessReport['kind'];
  /** Marked requests that the application has got so far. Rejects when it can't tell. */
  received(mark: string, signal: AbortSignal): Promise<WitnessedRequest[]>;
}

/** Header that carries a mark; no scenario may set it. */
export const MARK_HEADER = 'x-greenroom-mark';

/**
 * What a marked request looks like: many access logs print the user agent or the request id, few a custom header.
 * A field that the scenario sets itself carries no mark, in the control neither: else a witness that knows a request
 * by that field alone would see the control and be blind to the attack.
 */
export function markHeaders(mark: string, own: Iterable<string> = []): Record<string, string> {
  const fields = { [MARK_HEADER]: mark, 'user-agent': `greenroom/${mark}`, 'x-request-id': mark };
  const set = new Set([...own].map((name) => name.toLowerCase()));
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !set.has(name)));
}

export interface Testimony {
  report: WitnessReport;
  /** The step's own marked requests that arrived. */
  requests: WitnessedRequest[];
}
