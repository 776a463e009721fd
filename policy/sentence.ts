/** The one sentence for a human who has to act. */
import type { Decision } from '../model/decision.ts';
import type { RequestFacts } from '../model/request-facts.ts';
import { matchedValues, type TriedClause, type TriedRule } from './clause-trail.ts';
import type { CompiledClause, CompiledPolicy } from './compiled-policy.ts';
import { callerOf, gotPhrase, isIdentity, listed, nounOf, ruleName, wantedPhrase } from './wording.ts';

/** What the sentence may speak of. */
export interface Tried {
  deny: readonly TriedRule[];
  allow: readonly TriedRule[];
  nearest: TriedRule | null;
}

/** The sentence for a decision of the DENY or ALLOW phase, or for none. */
export function sentenceFor(
  policy: CompiledPolicy,
  facts: RequestFacts,
  decision: Decision,
  tried: Tried,
): string {
  const home = policy.target.namespace;
  const caller = callerOf(facts, home);
  switch (decision.reason) {
    case 'deny-matched':
      return denied(tried.deny.find((one) => one.matched) ?? null, facts, home);
    case 'allow-matched':
      return allowed(tried.allow.find((one) => one.matched) ?? null, facts, caller, home);
    case 'no-allow-matched':
      return missed(policy, caller, tried.nearest, home);
    case 'no-allow-policy':
      return `No DENY policy stops ${caller}, and no ALLOW policy applies: everything else is let in by default.`;
    case 'no-policy':
      return `No AuthorizationPolicy applies to ${whom(policy)}: everybody is let in, ${caller} too.`;
    case 'unsendable-claim':
      return `Policies let it pass, but what a token’s claims made of it can’t be sent on: ${decision.body || 'the path would have a blank or control byte in it'} (${decision.status}).`;
    default:
      return `${decision.verdict === 'deny' ? 'Denied' : 'Allowed'}: ${decision.reason}.`;
  }
}

function whom({ target }: CompiledPolicy): string {
  return `sa/${target.serviceAccount} at port ${target.port}`;
}

function denied(hit: TriedRule | null, facts: RequestFacts, home: string): string {
  if (hit === null) return 'A DENY policy stops it.';
  const name = ruleName(hit.rule.ref);
  if (hit.clauses.length === 0) return `DENY policy ${name} stops everything.`;
  const dropped = hit.clauses.filter(({ clause }) => clause.dropped !== null);
  const bites = hit.clauses
    .filter(({ clause }) => clause.dropped === null)
    .map((one) => bite(one.clause, facts, home));
  const because = bites.length > 0 ? `: ${listed(bites, 'and')}` : '';
  const why = dropped[0]?.clause.dropped;
  const left = bites.length > 0 ? '' : ' What is left of the rule matches every connection.';
  return `DENY policy ${name} stops it${because}.${why ? ` Note: ${why}.${left}` : ''}`;
}

/** `path /admin/x matches /admin/*`; `caller sa/web is not sa/admin`. */
function bite(clause: CompiledClause, facts: RequestFacts, home: string): string {
  const got = gotPhrase(clause, facts, home);
  if (clause.negated) {
    return `${got} is ${clause.wanted.length > 1 ? 'none of' : 'not'} ${wantedPhrase(clause, home)}`;
  }
  const biting = { ...clause, wanted: matchedValues(clause, facts) };
  return got.endsWith(` ${wantedPhrase(biting, home)}`)
    ? got
    : `${got} matches ${wantedPhrase(biting, home)}`;
}

function allowed(hit: TriedRule | null, facts: RequestFacts, caller: string, home: string): string {
  if (hit === null) return 'An ALLOW policy lets it in.';
  const name = ruleName(hit.rule.ref);
  if (hit.clauses.length === 0) return `${name} lets everybody in, ${caller} too.`;
  const rest = hit.clauses.filter(({ clause }) => !isIdentity(clause.attribute));
  const who = rest.length < hit.clauses.length ? caller : 'anybody';
  const what =
    rest.length > 0
      ? ` with ${listed(
          rest.map(({ clause }) => gotPhrase(clause, facts, home)),
          'and',
        )}`
      : '';
  return `${name} lets ${who} in${what}.${aliasRemark(hit, facts)}`;
}

/** Where the principal that was written isn't the caller's: it is so under an alias of the trust domain. */
function aliasRemark({ clauses }: TriedRule, { connection }: RequestFacts): string {
  const { principal } = connection;
  const clause = clauses.find((one) => one.clause.attribute === 'source.principal' && !one.clause.negated);
  const written = clause?.clause.wanted ?? [];
  if (principal === null || written.length === 0) return '';
  if (written.some((value) => value.includes('*') || value === principal)) return '';
  return ` Its trust domain, ${principal.slice(0, principal.indexOf('/'))}, stands for the one that is written.`;
}

function missed(policy: CompiledPolicy, caller: string, nearest: TriedRule | null, home: string): string {
  const start = `No ALLOW policy lets ${caller} in.`;
  if (nearest === null) {
    const names = listed(
      policy.allow.policies.map((ref) => ref.name),
      'and',
    );
    return `${start} ${names} ${policy.allow.policies.length === 1 ? 'has' : 'have'} no rules, so nobody gets in.`;
  }
  if (nearest.rule.dropped !== null)
    return `${start} ${ruleName(nearest.rule.ref)} can't: ${nearest.rule.dropped}.`;
  const failed = nearest.clauses.filter((one) => !one.matched);
  const matched = nearest.clauses.filter((one) => one.matched);
  const advice = listed(
    failed.map((one) => adviceFor(one, home)),
    'and',
  );
  const nouns = [...new Set(matched.map(({ clause }) => nounOf(clause)))];
  const name = nearest.rule.ref.name;
  const already =
    nouns.length > 0
      ? `; ${listed(nouns, 'and')} already ${nouns.length === 1 ? 'matches' : 'match'} ${name}`
      : `, by ${name}`;
  return `${start} It would pass ${advice}${already}.`;
}

/** `as sa/orders`, `with method GET or HEAD`, `at a path other than /admin`. */
function adviceFor({ clause }: TriedClause, home: string): string {
  const wanted = wantedPhrase(clause, home);
  const other = clause.negated ? 'other than ' : '';
  switch (clause.attribute) {
    case 'source.principal':
      if (clause.negated) return `as somebody other than ${wanted}`;
      return clause.wanted.includes('*') ? 'with any client certificate of the mesh' : `as ${wanted}`;
    case 'source.serviceAccount':
      return `as ${clause.negated ? `a service account other than ${wanted}` : `service account ${wanted}`}`;
    case 'source.namespace':
      return `from ${clause.negated ? `a namespace other than ${wanted}` : `namespace ${wanted}`}`;
    case 'source.trustDomain':
      return `from ${clause.negated ? `a trust domain other than ${wanted}` : `trust domain ${wanted}`}`;
    case 'source.ip':
    case 'remote.ip':
      return `from ${clause.negated ? 'an address outside' : ''} ${wanted}`.replace('  ', ' ');
    case 'request.auth.principal':
      return `with a token of ${clause.negated ? 'another request principal than' : 'request principal'} ${wanted}`;
    case 'request.path':
      return `at ${clause.negated ? 'a path ' : 'path '}${other}${wanted}`;
    case 'destination.port':
      return `at ${clause.negated ? 'a port ' : 'port '}${other}${wanted}`;
    case 'destination.ip':
      return `at ${clause.negated ? 'an address ' : 'address '}${other}${wanted}`;
    case 'request.headers':
      if (!clause.negated && clause.wanted.includes('*')) return `with a header ${clause.header}`;
      return clause.negated
        ? `without header ${clause.header}: ${wanted}`
        : `with header ${clause.header}: ${wanted}`;
    default:
      return `with ${clause.negated ? `another ${nounOf(clause)} than` : nounOf(clause)} ${wanted}`;
  }
}
