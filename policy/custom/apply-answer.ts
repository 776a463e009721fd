/**
 * What an external authorizer's answer does to a request: pass it on with headers changed, or answer in its place.
 * No answer denies, unless the provider fails open.
 */
import type { Decision, RuleRef } from '../../model/decision.ts';
import type { HeaderList, HttpFacts } from '../../model/request-facts.ts';
import { type AuthorizationCheck, matchesName } from './authorization-check.ts';

/** An authorizer's answer, as whoever asked it saw it. */
export type AuthorizerAnswer =
  /** Not reached, too late, or not understood; `asked` = the question arrived. */
  | { kind: 'failed'; asked: boolean }
  | { kind: 'http'; status: number; headers: HeaderList; body: string }
  | {
      kind: 'grpc-allowed';
      /** In the place of all of their name. */
      set: HeaderList;
      /** Beside those of their name. */
      add?: HeaderList;
      remove: readonly string[];
      responseHeaders: HeaderList;
    }
  | { kind: 'grpc-denied'; status: number; headers: HeaderList; body: string };

/** Who asks. Throws nothing: what goes wrong is a `failed` answer. */
export type Authorize = (check: AuthorizationCheck) => AuthorizerAnswer | Promise<AuthorizerAnswer>;

/** The request as it goes on, or the decision that ends it; and what its response gets besides. */
export type Applied =
  | { kind: 'passed'; http: HttpFacts; responseHeaders: HeaderList }
  | { kind: 'denied'; decision: Decision; responseHeaders: HeaderList };

/** Applies `answer` to the request that `rule` had asked about. */
export function applyAnswer(
  check: AuthorizationCheck,
  rule: RuleRef,
  answer: AuthorizerAnswer,
  http: HttpFacts,
): Applied {
  const { provider } = check;
  switch (answer.kind) {
    case 'failed':
      return failed(check, rule, http);
    case 'grpc-denied':
      return denied(rule, answer, answer.headers, http);
    case 'grpc-allowed':
      return {
        kind: 'passed',
        http: added(changed(http, answer.set, answer.remove), answer.add ?? []),
        responseHeaders: answer.responseHeaders,
      };
    case 'http': {
      if (answer.status >= 500 && answer.status < 600) return failed(check, rule, http);
      const { status, headers } = answer;
      if (status !== 200) return denied(rule, answer, clientHeaders(check, headers), http);
      const own = headers.filter(([name]) => name !== REMOVALS);
      return {
        kind: 'passed',
        http: changed(
          http,
          own.filter(([name]) => matchesName(provider.upstreamOnAllow, name)),
          removals(headers),
        ),
        responseHeaders: own.filter(([name]) => matchesName(provider.downstreamOnAllow, name)),
      };
    }
  }
}

/** An HTTP authorizer names here what it wants removed from the request. */
const REMOVALS = 'x-envoy-auth-headers-to-remove';
/** Of a denial, these pass whatever the provider lists. */
const ALWAYS_PASSED: ReadonlySet<string> = new Set(['location', 'www-authenticate', 'content-length']);

function failed({ provider }: AuthorizationCheck, rule: RuleRef, http: HttpFacts): Applied {
  if (provider.failOpen) return { kind: 'passed', http, responseHeaders: [] };
  const status = http.protocol === 'grpc' ? 200 : provider.statusOnError;
  const decision: Decision = {
    verdict: 'deny',
    phase: 'custom',
    reason: 'authorizer-failed',
    matched: rule,
    status,
    body: '',
    details: 'ext_authz_error',
  };
  return { kind: 'denied', decision, responseHeaders: [] };
}

function denied(
  rule: RuleRef,
  answer: { status: number; body: string },
  responseHeaders: HeaderList,
  http: HttpFacts,
): Applied {
  const grpc = http.protocol === 'grpc';
  const decision: Decision = {
    verdict: 'deny',
    phase: 'custom',
    reason: 'authorizer-denied',
    matched: rule,
    status: grpc ? 200 : answer.status,
    body: grpc ? '' : answer.body,
    details: 'ext_authz_denied',
  };
  return { kind: 'denied', decision, responseHeaders };
}

/** Without a list all of a denial's headers go to the client, `set-cookie` too. */
function clientHeaders({ provider }: AuthorizationCheck, headers: HeaderList): HeaderList {
  const listed = provider.downstreamOnDeny;
  return headers.filter(([name]) => {
    if (name === 'host' || name === REMOVALS) return false;
    return listed.length === 0 || ALWAYS_PASSED.has(name) || matchesName(listed, name);
  });
}

function removals(headers: HeaderList): string[] {
  return headers
    .filter(([name]) => name === REMOVALS)
    .flatMap(([, value]) => value.split(','))
    .map((name) => name.trim().toLowerCase());
}

/** Headers set replace all of their name; the request line and the host stay. */
function changed(http: HttpFacts, set: HeaderList, remove: readonly string[]): HttpFacts {
  const kept = set.filter(([name]) => !isRequestLine(name));
  const gone = new Set([...kept.map(([name]) => name), ...remove.filter((name) => !isRequestLine(name))]);
  // Of one name the last one set stays.
  const last = new Map(kept.map(([name, value]) => [name, value]));
  const stayed = [...last].filter(([name]) => !remove.includes(name));
  return { ...http, headers: [...http.headers.filter(([name]) => !gone.has(name)), ...stayed] };
}

function added(http: HttpFacts, headers: HeaderList): HttpFacts {
  const kept = headers.filter(([name]) => !isRequestLine(name));
  return kept.length === 0 ? http : { ...http, headers: [...http.headers, ...kept] };
}

function isRequestLine(name: string): boolean {
  return name.startsWith(':') || name === 'host';
}
