/** The words for attributes, values and callers: one place, so that sentences, notes and findings speak alike. */
import type { RuleRef } from '../model/decision.ts';
import type { RequestFacts } from '../model/request-facts.ts';
import type { Attribute, CompiledClause } from './compiled-policy.ts';
import { gotOf } from './clause-trail.ts';

const NOUNS: Readonly<Record<Attribute, string>> = {
  'source.principal': 'principal',
  'source.namespace': 'namespace',
  'source.serviceAccount': 'service account',
  'source.trustDomain': 'trust domain',
  'source.ip': 'source address',
  'remote.ip': 'remote address',
  'request.host': 'host',
  'request.method': 'method',
  'request.path': 'path',
  'request.headers': 'header',
  'destination.ip': 'destination address',
  'destination.port': 'port',
  'connection.sni': 'SNI',
  'filter.metadata': 'filter metadata',
  'request.auth.principal': 'request principal',
  'request.auth.claims': 'claim',
};

/** `method`, `header x-role`. */
export function nounOf(clause: CompiledClause): string {
  if (clause.attribute === 'request.auth.claims') return `claim ${(clause.claim ?? []).join('.')}`;
  return clause.attribute === 'request.headers' ? `header ${clause.header}` : NOUNS[clause.attribute];
}

/** `a`, `a or b`, `a, b or c`. */
export function listed(words: readonly string[], joint: 'or' | 'and'): string {
  if (words.length < 2) return words[0] ?? '';
  return `${words.slice(0, -1).join(', ')} ${joint} ${words[words.length - 1]}`;
}

/** A principal of five parts as `sa/NAME`, with its namespace where that isn't `home`. */
export function shortPrincipal(principal: string, home: string): string {
  const [domain, ns, namespace, sa, account, ...rest] = principal.split('/');
  if (ns !== 'ns' || sa !== 'sa' || account === undefined || rest.length > 0 || domain?.includes('*'))
    return principal;
  return namespace === home ? `sa/${account}` : `${namespace}/sa/${account}`;
}

const NOBODY = 'a caller without a certificate';

/** Who calls, in three words. */
export function callerOf(facts: RequestFacts, home: string): string {
  const { principal } = facts.connection;
  return principal === null ? NOBODY : shortPrincipal(principal, home);
}

/** `payments-from-orders[0]`; a policy as a whole has no index. */
export function ruleName(ref: RuleRef): string {
  return ref.rule === null ? ref.name : `${ref.name}[${ref.rule}]`;
}

/** `path /charge`, `principal …/sa/inventory`: what the request had there. */
export function gotPhrase(clause: CompiledClause, facts: RequestFacts, home: string): string {
  const got = gotOf(clause, facts);
  const noun = nounOf(clause);
  if (got === null) return isIdentity(clause.attribute) ? NOBODY : `no ${noun}`;
  if (isIdentity(clause.attribute)) return `caller ${shortPrincipal(got, home)}`;
  return `${noun} ${got}`;
}

/** Values as written, identities shortened. */
export function wantedPhrase(clause: CompiledClause, home: string, joint: 'or' | 'and' = 'or'): string {
  const words = clause.wanted.map((value) =>
    clause.attribute === 'source.principal' ? shortPrincipal(value, home) : value,
  );
  return listed(words, joint);
}

/** Whether the attribute is read off the caller's certificate. */
export function isIdentity(attribute: Attribute): boolean {
  return (
    attribute === 'source.principal' ||
    attribute === 'source.namespace' ||
    attribute === 'source.serviceAccount' ||
    attribute === 'source.trustDomain'
  );
}
