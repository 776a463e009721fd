/**
 * What the tokens of one request come to: refused, or let through with claims, and the request as it is from then
 * on. Plain JSON.
 */
import type { HeaderList, RequestFacts } from '../../model/request-facts.ts';
import type { Tolerated } from './compact-token.ts';
import type { FoundToken } from './extract-tokens.ts';
import type { JsonObject } from './strict-json.ts';
import type { TokenFault } from './token-status.ts';

/** One token as one rule found it. */
export interface TriedToken {
  /** Index in the compiled rules. */
  rule: number;
  place: FoundToken['place'];
  fault: TokenFault | null;
  /** What the token was let through with although its standard refuses it. */
  tolerated: readonly Tolerated[];
}

export interface TokenFacts {
  /** Why the request is refused, and by which of the compiled rules; null = it isn't. */
  refusal: { fault: TokenFault; rule: number } | null;
  /** Claims of the token that counts, space-delimited ones split; null without one. */
  claims: JsonObject | null;
  /** With query, as later filters and the application see it. */
  path: string;
  headers: HeaderList;
  tried: readonly TriedToken[];
  /** A CORS preflight, which no rule looks at. */
  preflight: boolean;
}

/** The request after the tokens: what authorization judges and the application gets. */
export function afterTokens(facts: RequestFacts, tokens: TokenFacts): RequestFacts {
  if (facts.http === null) return facts;
  const http = { ...facts.http, path: tokens.path, headers: tokens.headers };
  return { ...facts, http, claims: tokens.claims };
}
