/**
 * A verdict with its reason: what `policy/` returns, what every traffic event carries, what every view shows.
 */
import type { Position } from './problem.ts';

export type Verdict = 'allow' | 'deny';

/**
 * Where on a request's way the verdict fell, in Envoy's order.
 * `mtls` covers the choice of the filter chain, the handshake and the certificate gate.
 */
export type Phase =
  | 'mtls'
  | 'codec'
  | 'normalization'
  | 'custom'
  | 'jwt'
  | 'audit'
  | 'deny'
  | 'allow'
  | 'rate-limit'
  | 'validation'
  | 'route'
  | 'egress'
  | 'upstream'
  /** No policy applied: allowed by default. */
  | 'default';

/** One rule of one policy, and the line it was written on. */
export interface RuleRef {
  kind: string;
  namespace: string;
  name: string;
  /** AuthorizationPolicy action, `mtls` for PeerAuthentication, `jwt` for RequestAuthentication; own kinds by phase. */
  action: 'ALLOW' | 'DENY' | 'AUDIT' | 'CUSTOM' | 'mtls' | 'jwt' | 'rate-limit' | 'validation';
  /** Index in `spec.rules`; null when the policy as a whole decides (no rules, or PeerAuthentication). */
  rule: number | null;
  at: Position;
}

/** One field of a rule, tried on one request. */
export interface ClauseResult {
  /** As written in the YAML: `from.source.principals`, `to.operation.methods`, `when[request.headers[x-role]]`. */
  field: string;
  wanted: readonly string[];
  /** What the request had; null when it had nothing there (no certificate, no such header). */
  got: string | null;
  matched: boolean;
  at: Position;
}

/** A rule with the result of every clause; `matched` is the rule's own result. */
export interface RuleTrail {
  ref: RuleRef;
  matched: boolean;
  clauses: ClauseResult[];
}

/** One phase of the trail, in evaluation order. */
export interface TrailEntry {
  phase: Phase;
  outcome: 'passed' | 'denied' | 'skipped';
  /** One line: `sa/inventory, certificate valid 23 h`, `block-admin: path /charge is not /admin*`. */
  note: string;
  rules: RuleTrail[];
}

/** Something true that a security engineer must be told although the verdict stands. */
export interface Finding {
  /**
   * `istio-allows` = a hole in the cluster as well; `stricter-than-istio` = a row of docs/deviations.md;
   * `fault-injected` = a rehearsal made it so.
   */
  code: 'istio-allows' | 'stricter-than-istio' | 'not-covered' | 'fault-injected';
  /** Row of the attack catalogue where there is one, e.g. `M7`. */
  attack?: string;
  message: string;
  remedy: string;
}

export interface Decision {
  verdict: Verdict;
  phase: Phase;
  /** Stable kebab-case reason, e.g. `no-allow-matched`, `deny-matched`, `plaintext-on-strict`, `unknown-authority`. */
  reason: string;
  /** The rule that decided; null when none did (default allow, no ALLOW matched, a handshake). */
  matched: RuleRef | null;
  /** HTTP status of the answer, where the sidecar itself answers. */
  status?: number;
  /** Body of that answer, Envoy's own words. */
  body?: string;
  /** Envoy's response code details or connection termination details. */
  details?: string;
}

/** The whole why, computed on demand (or at once for a denial). */
export interface Explanation {
  /** For a human who has to act: `No ALLOW policy lets sa/inventory in. It would pass as sa/orders; …`. */
  sentence: string;
  trail: TrailEntry[];
  /** For a denial by missing ALLOW: the rule with the fewest failed clauses. */
  nearest: RuleTrail | null;
}
