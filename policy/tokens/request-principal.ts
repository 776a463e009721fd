/**
 * The request principal, issuer and subject of a token, as one value of an attribute. Both may hold any character, so
 * it says itself where the one ends.
 */
import type { RequestFacts, TokenClaims } from '../../model/request-facts.ts';
import { memberOf } from './strict-json.ts';

/** Issuer and subject of the token as one value that `splitPrincipal` takes apart; none when one of them is missing. */
export function requestPrincipalValues(facts: RequestFacts): readonly string[] {
  const principal = principalOf(facts.claims);
  return principal === null ? [] : [`${principal.issuer.length}:${principal.issuer}/${principal.subject}`];
}

/** The two sides of a value of `requestPrincipalValues`. */
export function splitPrincipal(value: string): { issuer: string; subject: string } {
  const colon = value.indexOf(':');
  const start = colon + 1;
  const end = start + Number(value.slice(0, colon));
  return { issuer: value.slice(start, end), subject: value.slice(end + 1) };
}

/** `ISSUER/SUBJECT`, for people. */
export function shownPrincipal(facts: RequestFacts): string | null {
  const principal = principalOf(facts.claims);
  return principal === null ? null : `${principal.issuer}/${principal.subject}`;
}

function principalOf(claims: TokenClaims | null | undefined): { issuer: string; subject: string } | null {
  if (!claims) return null;
  const [issuer, subject] = [memberOf(claims, 'iss'), memberOf(claims, 'sub')];
  return typeof issuer === 'string' && typeof subject === 'string' ? { issuer, subject } : null;
}
