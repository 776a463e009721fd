/** Whether a route takes a request, as Envoy's router decides it. */
import { withoutQuery } from '../attributes.ts';
import type { PathMatch, Route, RouteMatch, TextMatch } from './compiled-routes.ts';
import { matchesWhole } from './regular-expression.ts';
import type { RoutedRequest } from './route-decision.ts';

export function takesRequest({ match }: Route, request: RoutedRequest): boolean {
  return (
    takesPath(match, withoutQuery(request.path)) &&
    match.headers.every((one) => takesHeader(one, request)) &&
    match.query.every(({ name, match: wanted }) => takesParameter(name, wanted, request.path))
  );
}

/** An expression has its own case, whatever `ignoreUriCase` says. */
function takesPath({ path, ignoreCase }: RouteMatch, requested: string): boolean {
  if (path.kind === 'regex') return matchesWhole(path.value, requested);
  return ignoreCase
    ? takesText({ ...path, value: path.value.toLowerCase() }, requested.toLowerCase())
    : takesText(path, requested);
}

function takesText(path: Exclude<PathMatch, { kind: 'regex' }>, requested: string): boolean {
  switch (path.kind) {
    case 'exact':
      return requested === path.value;
    case 'prefix':
      return requested.startsWith(path.value);
    case 'segments':
      return requested === path.value || requested.startsWith(`${path.value}/`);
  }
}

/** Any value of a header that came several times; an absent one is empty to what is inverted, unless presence is asked. */
function takesHeader(
  { name, match, inverted }: RouteMatch['headers'][number],
  request: RoutedRequest,
): boolean {
  const values = valuesOf(name, request);
  if (match.kind === 'present') return values.length > 0 !== inverted;
  const seen = values.length === 0 && inverted ? [''] : values;
  return seen.some((value) => matchesText(match, value)) !== inverted;
}

function valuesOf(name: string, request: RoutedRequest): string[] {
  if (name === ':method') return [request.method];
  if (name === ':authority' || name === 'host') return [request.host];
  if (name === ':path') return [request.path];
  if (name === ':scheme') return [schemeOf(request)];
  return request.headers.filter(([present]) => present === name).map(([, value]) => value);
}

/** What X-Forwarded-Proto says, if it is one of the two. */
export function schemeOf({ headers }: Pick<RoutedRequest, 'headers'>): 'http' | 'https' {
  const told = headers.find(([name]) => name === 'x-forwarded-proto')?.[1];
  return told?.toLowerCase() === 'https' ? 'https' : 'http';
}

export function matchesText(match: TextMatch, value: string): boolean {
  switch (match.kind) {
    case 'exact':
      return value === match.value;
    case 'prefix':
      return value.startsWith(match.value);
    case 'regex':
      return matchesWhole(match.value, value);
    case 'present':
      return true;
  }
}

function takesParameter(name: string, wanted: TextMatch, path: string): boolean {
  const value = queryParameter(path, name);
  return value !== null && matchesText(wanted, value);
}

/** The first value of a parameter, undecoded; null when it isn't there. */
export function queryParameter(path: string, name: string): string | null {
  const start = path.indexOf('?');
  if (start < 0) return null;
  for (const part of path.slice(start + 1).split('&')) {
    const equals = part.indexOf('=');
    if ((equals < 0 ? part : part.slice(0, equals)) === name) return equals < 0 ? '' : part.slice(equals + 1);
  }
  return null;
}
