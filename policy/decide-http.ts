/** A request that reached the filters, through them in Envoy's order: the authorizer, tokens, the rest. */
import type { Decision } from '../model/decision.ts';
import type { HttpFacts, RequestFacts } from '../model/request-facts.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import type { Authorize } from './custom/apply-answer.ts';
import { askAuthorizer, type CustomOutcome, withoutCustom } from './custom/ask-authorizer.ts';
import { decide } from './decide.ts';
import { authenticate } from './tokens/authenticate.ts';
import { afterTokens, type TokenFacts } from './tokens/token-facts.ts';
import { NO_VERIFICATION, type TokenVerification } from './tokens/verify-token.ts';

/** The verdict, and the facts it fell on as far as the request got. */
export interface Judged {
  decision: Decision;
  facts: RequestFacts;
  /** What came of the request's tokens, where it got that far. */
  tokens?: TokenFacts;
  /** What came of asking an external authorizer, where it got that far. */
  custom?: CustomOutcome;
  /** The request behind a gateway's route; absent = as `facts` have it. */
  upstream?: HttpFacts;
}

/** Whom the filters may ask. Without `authorize` what an authorizer would have to be asked about is denied. */
export interface Askable {
  verification?: TokenVerification;
  authorize?: Authorize;
}

/** The verdict of all filters on `facts`. */
export async function decideHttp(
  policy: CompiledPolicy,
  facts: RequestFacts,
  { verification = NO_VERIFICATION, authorize }: Askable,
): Promise<Judged> {
  if (policy.invalid !== null) return decided(policy, facts);
  const custom = await askAuthorizer(policy, facts, authorize);
  if (custom.decision !== null) return { decision: custom.decision, facts: custom.facts, custom };
  const passed = withoutCustom(policy);
  const { http } = custom.facts;
  if (http === null || policy.jwt.rules.length === 0) return { ...decided(passed, custom.facts), custom };
  const tokens = await authenticate(policy.jwt, http, verification);
  const passedFacts = afterTokens(custom.facts, tokens);
  const decision = unroutable(passedFacts, decide(passed, custom.facts, tokens));
  return { decision, facts: passedFacts, tokens, custom };
}

/** The verdict without anybody asked. */
export function decided(policy: CompiledPolicy, facts: RequestFacts): Judged {
  return { decision: unroutable(facts, decide(policy, facts)), facts };
}

/** Envoy's router finds no route for a request whose X-Forwarded-Proto says nothing; policies come before it. */
function unroutable({ http }: RequestFacts, decision: Decision): Decision {
  if (http === null || decision.verdict === 'deny') return decision;
  const told = http.headers.find(([name]) => name === 'x-forwarded-proto');
  if (told === undefined || told[1] !== '') return decision;
  const grpc = http.protocol === 'grpc';
  return {
    verdict: 'deny',
    phase: 'route',
    reason: 'no-route',
    matched: null,
    status: grpc ? 200 : 404,
    body: '',
    details: 'route_not_found',
  };
}
