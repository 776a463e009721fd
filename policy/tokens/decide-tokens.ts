/** The verdict of the token filter: Envoy's statuses, bodies and details. Synchronous; nothing is verified here. */
import type { Decision } from '../../model/decision.ts';
import type { RequestFacts } from '../../model/request-facts.ts';
import { isToken } from '../../wire/field-grammar.ts';
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

/** A claim or parameter that can't be sent on: the codec towards the application refuses it. */
export function unsendable(tokens: TokenFacts): Decision | null {
  const broken = tokens.headers.some(
    ([name, value]) => !isToken(name) || BREAKS.some((code) => value.includes(code)),
  );
  if (!broken && !hasBlankOrControl(tokens.path)) return null;
  return {
    verdict: 'deny',
    phase: 'upstream',
    reason: 'unsendable-claim',
    matched: null,
    status: 503,
    body: '',
  };
}

const BREAKS = ['\n', '\r', '\0'];

function hasBlankOrControl(path: string): boolean {
  for (let index = 0; index < path.length; index += 1) {
    const code = path.charCodeAt(index);
    if (code <= 0x20 || code === 0x7f) return true;
  }
  return false;
}
