/**
 * What a change of policies would do to requests that were made: a pure comparison, for recorded traffic. A token is
 * taken as it was judged then; requests that were refused before policies saw them can't be asked about.
 */
import type { Decision } from '../model/decision.ts';
import { type AskedRequest, judgeOf, type PolicyVersion } from './policy-version.ts';

/** A request whose verdict the change turns round. */
export interface FlippedDecision<Request extends AskedRequest = AskedRequest> {
  request: Request;
  before: Decision;
  after: Decision;
}

/** The requests that one version allows and the other denies, in their order. */
export function diff<Request extends AskedRequest>(
  before: PolicyVersion,
  after: PolicyVersion,
  requests: Iterable<Request>,
): FlippedDecision<Request>[] {
  const [judgeBefore, judgeAfter] = [judgeOf(before), judgeOf(after)];
  const flipped: FlippedDecision<Request>[] = [];
  for (const request of requests) {
    const [was, is] = [judgeBefore(request), judgeAfter(request)];
    if (was.verdict !== is.verdict) flipped.push({ request, before: was, after: is });
  }
  return flipped;
}
