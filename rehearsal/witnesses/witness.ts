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

/** Header that carries a mark. */
const MARK_HEADER = 'x-greenroom-mark';

/** What a marked request looks like: many access logs print the user agent or the request id, few a custom header. */
export function markHeaders(mark: string): Record<string, string> {
  return { [MARK_HEADER]: mark, 'user-agent': `greenroom/${mark}`, 'x-request-id': mark };
}

export interface Testimony {
  report: WitnessReport;
  /** The step's own marked requests that arrived. */
  requests: WitnessedRequest[];
}
