/** What a gateway answered in the application's place, told. */
import type { Decision, TrailEntry } from '../../model/decision.ts';
import type { RequestFacts } from '../../model/request-facts.ts';

/** The sentence for a decision of the `route` phase. */
export function routeSentence(decision: Decision, { http }: RequestFacts): string {
  const host = http?.host ?? '';
  switch (decision.reason) {
    case 'no-virtual-host':
      return `Policies let it pass, and the server that its connection reached has no routes for host ${host}: ${decision.status}.`;
    case 'no-route':
      return `Policies let it pass, and no route of host ${host} takes ${http?.method} ${http?.path}: ${decision.status}.`;
    case 'https-redirect':
      return `Policies let it pass, and host ${host} is served over https only: ${decision.status}.`;
    case 'cors-preflight':
      return 'The gateway answers this CORS preflight itself; the application never sees it.';
    default:
      return `The route answers by itself with ${decision.status}; the application never sees the request.`;
  }
}

/** The last entry of the trail. */
export function routeEntry(decision: Decision, facts: RequestFacts): TrailEntry[] {
  if (decision.phase !== 'route') return [];
  const note = routeSentence(decision, facts).replace('Policies let it pass, and ', '');
  return [{ phase: 'route', outcome: 'denied', note, rules: [] }];
}
