/** CORS as Envoy's filter does it. */
import type { HeaderList } from '../../model/request-facts.ts';
import type { CorsPolicy } from './compiled-routes.ts';
import { setHeader } from './header-operations.ts';
import { matchesText } from './match-route.ts';
import type { RoutedRequest } from './route-decision.ts';

export interface CorsOutcome {
  /** The answer to a preflight, with status 200; null: the request goes on. */
  preflight: HeaderList | null;
  /** What an answer gets besides; null without an allowed origin. */
  allowed: string | null;
}

const NOT_CORS: CorsOutcome = { preflight: null, allowed: null };

/** A preflight isn't asked which method it is about. */
export function judgeCors(
  policy: CorsPolicy,
  { method, headers }: Pick<RoutedRequest, 'method' | 'headers'>,
): CorsOutcome {
  const origin = valueOf(headers, 'origin');
  if (origin === '') return NOT_CORS;
  const allowed = policy.allowOrigins.some((one) => isOrigin(one, origin));
  if (method !== 'OPTIONS' || valueOf(headers, 'access-control-request-method') === '')
    return { preflight: null, allowed: allowed ? origin : null };
  if (!allowed && policy.forwardUnmatched) return NOT_CORS;
  const told = allowed ? origin : null;
  return { preflight: preflightHeaders(policy, told, headers), allowed: told };
}

/** `exact: "*"` is every origin. */
function isOrigin(match: CorsPolicy['allowOrigins'][number], origin: string): boolean {
  return (match.kind === 'exact' && match.value === '*') || matchesText(match, origin);
}

/** Without an allowed origin the rest is told all the same: to a browser it says no. */
function preflightHeaders(policy: CorsPolicy, origin: string | null, asked: HeaderList): HeaderList {
  const fields: [string, string][] = origin === null ? [] : [['access-control-allow-origin', origin]];
  if (policy.allowCredentials) fields.push(['access-control-allow-credentials', 'true']);
  const offered = (allowed: string, asks: string) => (allowed === '*' ? valueOf(asked, asks) : allowed);
  const { allowMethods, allowHeaders } = policy;
  // `*` allows what is asked for, by its names.
  if (allowMethods !== '')
    fields.push(['access-control-allow-methods', offered(allowMethods, 'access-control-request-method')]);
  if (allowHeaders !== '')
    fields.push(['access-control-allow-headers', offered(allowHeaders, 'access-control-request-headers')]);
  if (policy.maxAge !== '') fields.push(['access-control-max-age', policy.maxAge]);
  return fields;
}

/** An upstream's own word on origins gives way. */
export function withCors(headers: HeaderList, policy: CorsPolicy, origin: string): HeaderList {
  let changed = setHeader(headers, 'access-control-allow-origin', origin);
  if (policy.allowCredentials) changed = setHeader(changed, 'access-control-allow-credentials', 'true');
  if (policy.exposeHeaders !== '')
    changed = setHeader(changed, 'access-control-expose-headers', policy.exposeHeaders);
  return changed;
}

function valueOf(headers: HeaderList, name: string): string {
  return headers.find(([present]) => present === name)?.[1] ?? '';
}
