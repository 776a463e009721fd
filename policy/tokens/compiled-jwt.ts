/** What RequestAuthentication asks of a request at one port: plain JSON, part of the compiled policy. */
import type { RuleRef } from '../../model/decision.ts';
import type { KeySet } from './key-set.ts';

/** A header that may carry a token; name lower-case. */
export interface HeaderLocation {
  name: string;
  /** Found anywhere in the value; '' = the whole value is the token. */
  prefix: string;
}

/** Where one rule looks for tokens. */
export interface TokenLocations {
  headers: readonly HeaderLocation[];
  params: readonly string[];
  cookies: readonly string[];
}

export interface CompiledJwtRule {
  ref: RuleRef;
  /** '' = any issuer. */
  issuer: string;
  /** As compared: without scheme and trailing slash. Empty = any, or none. */
  audiences: readonly string[];
  keys: { kind: 'inline'; keys: KeySet } | { kind: 'uri'; uri: string } | { kind: 'none' };
  locations: TokenLocations;
  forwardOriginalToken: boolean;
  /** Lower-case; null without one. */
  payloadHeader: string | null;
  claimHeaders: readonly { header: string; claim: readonly string[] }[];
  /** Claims whose strings are split at spaces before policies see them. */
  spaceDelimited: readonly string[];
}

/** All rules that apply, in Envoy's order; none = tokens aren't looked at. */
export interface CompiledJwt {
  rules: readonly CompiledJwtRule[];
}
