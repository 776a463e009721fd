/** The Location of a redirect, as Envoy puts it together: the request's own parts where the route names none. */
import type { RedirectAction, Route } from './compiled-routes.ts';
import { schemeOf } from './match-route.ts';
import { rewritePrefix } from './rewrite-path.ts';
import type { RoutedRequest } from './route-decision.ts';

const NOTHING: Omit<RedirectAction, 'kind' | 'status'> = { host: null, scheme: null, port: null, path: null };

export function redirectLocation(
  route: Route,
  redirect: Omit<RedirectAction, 'kind' | 'status'>,
  request: RoutedRequest,
): string {
  const own = schemeOf(request);
  const scheme = redirect.scheme ?? own;
  const port = redirect.port === null ? '' : `:${redirect.port}`;
  const host = redirect.host ?? keptHost(request.host, { own, scheme, port });
  return `${scheme}://${host}${port}${pathOf(route, redirect, request.path)}`;
}

/** The request's own URL. */
export function ownLocation(route: Route, request: RoutedRequest): string {
  return redirectLocation(route, NOTHING, request);
}

/** A port goes where another is named, and with the scheme whose default it was. */
function keptHost(
  host: string,
  { own, scheme, port }: { own: string; scheme: string; port: string },
): string {
  const at = host.lastIndexOf(':');
  if (at < 0 || host.lastIndexOf(']') > at) return host;
  const written = host.slice(at);
  const stale = own !== scheme && written === (own === 'https' ? ':443' : ':80');
  return port !== '' || stale ? host.slice(0, at) : host;
}

function pathOf(route: Route, { path }: Pick<RedirectAction, 'path'>, requested: string): string {
  if (path === null) return requested;
  if (path.kind === 'prefix') return rewritePrefix(route.match, path.value, requested);
  const query = requested.indexOf('?');
  return path.value.includes('?') || query < 0 ? path.value : `${path.value}${requested.slice(query)}`;
}
