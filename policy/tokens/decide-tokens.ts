/** The verdict of the token filter: Envoy's statuses, bodies and details. Synchronous; nothing is verified here. */
import type { Decision } from '../../model/decision.ts';
import type { RequestFacts } from '../../model/request-facts.ts';
import type { CompiledJwt } from './compiled-jwt.ts';
import type { TokenFacts } from './token-facts.ts';
import { faultBody, faultDetails, faultStatus } from './token-status.ts';

/** The refusal; null = the request goes on to authorization. */
export function decideTokens(
  jwt: CompiledJwt,
  facts: RequestFacts,
  tokens: TokenFacts | undefined,
): Decision | null {
  if (facts.http === null || jwt.rules.length === 0) return null;
  if (tokens === undefined) {
    return {
      verdict: 'deny',
      phase: 'jwt',
      reason: 'tokens-unverified',
      matched: null,
      status: 401,
      body: '',
    };
  }
  if (tokens.refusal === null) return null;
  const { fault, rule } = tokens.refusal;
  const grpc = facts.http.protocol === 'grpc';
  return {
    verdict: 'deny',
    phase: 'jwt',
    reason: fault,
    matched: jwt.rules[rule]?.ref ?? null,
    status: grpc ? 200 : faultStatus(fault),
    body: grpc ? '' : faultBody(fault),
    details: faultDetails(fault),
  };
}
