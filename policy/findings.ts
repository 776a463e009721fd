/**
 * Holes of Istio seen on one allowed request: a path cut at `#`, a broken escape, and DENY rules that an obvious
 * twin of the request would have met. The verdict stands; the finding says how it was got round and what closes it.
 */
import type { Decision, Finding } from '../model/decision.ts';
import type { HttpFacts, RequestFacts } from '../model/request-facts.ts';
import { withoutQuery } from './attributes.ts';
import type { CompiledPolicy, CompiledRule } from './compiled-policy.ts';
import { firstMatch } from './index/first-match.ts';
import { headerFindings } from './header-findings.ts';
import { hostTwins, isPlainPath, type PathTwin, pathTwins } from './request-twins.ts';
import { traitsOf } from './rule-traits.ts';
import { ruleName } from './wording.ts';

/** Findings about `facts`, which `decide` allowed; none about what was denied. */
export function findingsFor(policy: CompiledPolicy, facts: RequestFacts, decision: Decision): Finding[] {
  const { http } = facts;
  if (http === null || decision.verdict === 'deny') return [];
  const findings = [...rawPathFindings(http)];
  const host = dodgedHost(policy, facts, http);
  if (host) findings.push(host);
  const path = dodgedPath(policy, facts, http);
  if (path) findings.push(path);
  const address = chosenAddress(policy, facts, http, decision) ?? hiddenAddress(policy, facts, http);
  if (address) findings.push(address);
  findings.push(...headerFindings(policy, http));
  return findings;
}

function rawPathFindings(http: HttpFacts): Finding[] {
  const findings: Finding[] = [];
  if (http.rawPath.includes('#')) {
    findings.push({
      code: 'istio-allows',
      attack: 'P7',
      message: `The path ${http.rawPath} was cut at its # and judged as ${http.path}; Envoy by itself would refuse it, Istio doesn't.`,
      remedy: 'Refuse request targets with a # in the application or at the gateway; no client sends one.',
    });
  }
  if (hasBrokenEscape(http.rawPath)) {
    findings.push({
      code: 'istio-allows',
      attack: 'P6',
      message: `The path ${http.rawPath} has a % that begins no escape; it reaches the application as it is.`,
      remedy: 'Let the application answer 400 to paths that it can’t decode, and never decode twice.',
    });
  }
  return findings;
}

function hasBrokenEscape(rawPath: string): boolean {
  const end = rawPath.search(/[?#]/);
  const path = end < 0 ? rawPath : rawPath.slice(0, end);
  for (let at = path.indexOf('%'); at >= 0; at = path.indexOf('%', at + 1)) {
    if (!/^[0-9a-fA-F]{2}$/.test(path.slice(at + 1, at + 3))) return true;
  }
  return false;
}

function dodgedHost(policy: CompiledPolicy, facts: RequestFacts, http: HttpFacts): Finding | null {
  if (!denies(policy, 'request.host')) return null;
  for (const twin of hostTwins(http.host)) {
    const met = firstMatch(policy.deny, { ...facts, http: { ...http, host: twin } });
    if (met) return hostFinding(met, http.host, twin);
  }
  return null;
}

function hostFinding({ ref }: CompiledRule, host: string, twin: string): Finding {
  const turnRound = `turn ${ref.name} into an ALLOW of the hosts that are served.`;
  const joined = host.includes(',');
  return {
    code: 'istio-allows',
    attack: joined ? 'H2' : 'H1',
    message: `DENY policy ${ruleName(ref)} is passed by writing the host as ${host}; it would have stopped ${twin}.`,
    remedy: joined
      ? `Two Host fields are joined and match no single name: ${turnRound}`
      : `Add ${JSON.stringify(`${twin}:*`)} and ${JSON.stringify(`${twin}.`)} to the hosts of ${ref.name}, or ${turnRound}`,
  };
}

function dodgedPath(policy: CompiledPolicy, facts: RequestFacts, http: HttpFacts): Finding | null {
  if (!denies(policy, 'request.path')) return null;
  if (isPlainPath(withoutQuery(http.path)) && traitsOf(policy.deny).upperCase.rules.length === 0) return null;
  for (const twin of pathTwins(http.path)) {
    const seen = { ...facts, http: { ...http, path: twin.path } };
    const { folded, upperCase } = traitsOf(policy.deny);
    // The path itself has been judged by the rules as they are written: only those in capitals can meet it now.
    const inLowerCase = twin.path === http.path ? upperCase : folded;
    const met = firstMatch(twin.kind === 'case' ? inLowerCase : policy.deny, seen);
    if (met) return pathFinding(met, http.path, twin);
  }
  return null;
}

function pathFinding(met: CompiledRule, path: string, twin: PathTwin): Finding {
  return {
    code: 'istio-allows',
    attack: twin.attack,
    message: `DENY policy ${ruleName(met.ref)} is passed by ${path}: ${twin.how}. ${twin.path === path ? 'The rule is written in another case' : `It would have stopped ${twin.path}`}, and many applications serve both alike.`,
    remedy: `${twin.remedy} Safer: turn ${met.ref.name} round, into an ALLOW of the paths that are served.`,
  };
}

/** An ALLOW by `remote.ip` that only the caller's own X-Forwarded-For opened. */
function chosenAddress(
  policy: CompiledPolicy,
  facts: RequestFacts,
  http: HttpFacts,
  decision: Decision,
): Finding | null {
  if (decision.phase !== 'allow' || !http.headers.some(([name]) => name === 'x-forwarded-for')) return null;
  const headers = http.headers.filter(([name]) => name !== 'x-forwarded-for');
  const honest = { ...facts, http: { ...http, headers } };
  if (!traitsOf(policy.allow).attributes.has('remote.ip')) return null;
  if (firstMatch(policy.allow, honest) !== null) return null;
  return {
    code: 'istio-allows',
    attack: 'H3',
    message: `The caller wrote its own address: a sidecar believes the last entry of X-Forwarded-For, and without it no ALLOW policy would have let ${facts.connection.sourceIp} in.`,
    remedy:
      'At sidecars use principals or ipBlocks; keep remoteIpBlocks for gateways with numTrustedProxies set.',
  };
}

/** A DENY by `remote.ip` that only the caller's own X-Forwarded-For kept from matching. */
function hiddenAddress(policy: CompiledPolicy, facts: RequestFacts, http: HttpFacts): Finding | null {
  if (!denies(policy, 'remote.ip')) return null;
  if (!http.headers.some(([name]) => name === 'x-forwarded-for')) return null;
  const headers = http.headers.filter(([name]) => name !== 'x-forwarded-for');
  const met = firstMatch(policy.deny, { ...facts, http: { ...http, headers } });
  if (!met) return null;
  return {
    code: 'istio-allows',
    attack: 'H3',
    message: `DENY policy ${ruleName(met.ref)} is passed by an address that the caller wrote itself: a sidecar believes the last entry of X-Forwarded-For, and without it the policy would have stopped ${facts.connection.sourceIp}.`,
    remedy: `At sidecars use ipBlocks in ${met.ref.name}; keep remoteIpBlocks for gateways with numTrustedProxies set.`,
  };
}

function denies(policy: CompiledPolicy, attribute: 'request.host' | 'request.path' | 'remote.ip'): boolean {
  return traitsOf(policy.deny).attributes.has(attribute);
}
