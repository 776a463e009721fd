/**
 * What decides at one port of one workload: plain JSON (it crosses threads), every rule and clause with its field,
 * what it wants and the place it was written. `compile.ts` makes it, `decide.ts` reads it, `explain.ts` tells it.
 */
import type { RuleRef } from '../model/decision.ts';
import type { Position, Problem } from '../model/problem.ts';
import type { ByteBlock } from '../wire/ip-block.ts';
import type { CompiledCustom } from './custom/compile-custom.ts';
import type { CompiledJwt } from './tokens/compiled-jwt.ts';

/** What a clause looks at; `request.headers` goes with the clause's `header`, claims with its `claim`. */
export type Attribute =
  | 'source.principal'
  | 'source.namespace'
  | 'source.serviceAccount'
  | 'source.trustDomain'
  | 'source.ip'
  | 'remote.ip'
  | 'request.host'
  | 'request.method'
  | 'request.path'
  | 'request.headers'
  | 'destination.ip'
  | 'destination.port'
  | 'connection.sni'
  /** `experimental.envoy.filters.…`: no filter that Istio configures writes any, so there is never a value. */
  | 'filter.metadata'
  | 'request.auth.principal'
  | 'request.auth.claims';

/** One value of a clause. */
export type ValueMatch =
  | { kind: 'exact'; value: string }
  | { kind: 'prefix'; value: string }
  | { kind: 'suffix'; value: string }
  /** `*` of most fields: there, and not empty. */
  | { kind: 'non-empty' }
  /** `*` of a header: there, even if empty. */
  | { kind: 'present' }
  | { kind: 'template'; tokens: readonly TemplateToken[] }
  /** Pieces between stars; found in order in `spiffe://PRINCIPAL`. */
  | { kind: 'namespace'; pieces: readonly string[] }
  | { kind: 'service-account'; namespace: string; serviceAccount: string }
  /** Pieces between stars, of the first segment of the principal. */
  | { kind: 'trust-domain'; pieces: readonly string[] }
  | { kind: 'ip'; block: ByteBlock }
  | { kind: 'port'; port: number }
  /** Issuer and subject of a token, each by itself. */
  | { kind: 'request-principal'; issuer: ValueMatch; subject: ValueMatch };

/** Part of a path template: text, `{*}` or `{**}`. */
export type TemplateToken = { kind: 'text'; text: string } | { kind: 'segment' } | { kind: 'rest' };

/** One field of a rule, compiled. */
export interface CompiledClause {
  /** As written: `from.source.principals`, `from[1].source.namespaces`, `when[request.headers[x-role]]`. */
  field: string;
  attribute: Attribute;
  /** Lower-case name, for `request.headers`. */
  header: string | null;
  /** Names through objects, for `request.auth.claims`. */
  claim?: readonly string[];
  negated: boolean;
  /** As written, before trust-domain aliases. */
  wanted: readonly string[];
  /** Any of these (none of these, when negated). */
  values: readonly ValueMatch[];
  at: Position;
  /** Why Istio leaves this clause out (an HTTP field of a DENY at a TCP port): it then counts as matched. */
  dropped: string | null;
}

export interface CompiledRule {
  ref: RuleRef;
  /** Envoy's name: `ns[NS]-policy[NAME]-rule[I]`. Rules stand in the order of these names. */
  name: string;
  /** Any of these sources (each: all of its clauses); empty = anybody. */
  from: readonly (readonly CompiledClause[])[];
  /** Any of these operations; empty = everything. */
  to: readonly (readonly CompiledClause[])[];
  when: readonly CompiledClause[];
  /** Why Istio leaves this rule out (an ALLOW with an HTTP field at a TCP port): it then never matches. */
  dropped: string | null;
}

/** The policies of one action: their own refs (`rule: null`), and all their rules in Envoy's order. */
export interface CompiledAction {
  policies: readonly RuleRef[];
  rules: readonly CompiledRule[];
}

export interface CompiledPolicy {
  /**
   * A policy that could not be compiled denies everything it could have applied to: then this holds why, and
   * `decide` denies without looking at rules.
   */
  invalid: Problem[] | null;
  /** What else the author should know (a dropped rule, an AUDIT that isn't supported): changes no verdict. */
  notices: readonly Problem[];
  protocol: 'http' | 'tcp';
  /** Whose policy it is, for the explanation. */
  target: { namespace: string; serviceAccount: string; port: number };
  /** Which requests an external authorizer is asked about; null = no CUSTOM policy applies. */
  custom: CompiledCustom | null;
  /** RequestAuthentication: which tokens are looked for, and what must be true of them. */
  jwt: CompiledJwt;
  audit: CompiledAction;
  deny: CompiledAction;
  allow: CompiledAction;
  /** `istio.io/dry-run: "true"`: told, never enforced. */
  dryRun: CompiledAction;
}
