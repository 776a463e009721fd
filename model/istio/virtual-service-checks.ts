/** What fields of a VirtualService may stand together, by Istio's webhook (pkg/config/validation). */
import type { z } from 'zod';
import { parseIpAddress } from '../ip-block.ts';

type Context = z.core.$RefinementCtx;

interface HttpRoute {
  match: readonly unknown[];
  route: readonly { weight: number }[];
  redirect?: { redirectCode?: number | undefined } | undefined;
  directResponse?: { status: number } | undefined;
  delegate?: unknown;
  fault?: unknown;
  rewrite?: unknown;
  mirror?: unknown;
  mirrors: readonly unknown[];
}

const REDIRECT_CODES = new Set([0, 301, 302, 303, 307, 308]);

/** One of route, redirect, directResponse and delegate. */
export function checkHttpRoute(route: HttpRoute, context: Context): void {
  const issue = (message: string, ...path: (string | number)[]): void =>
    void context.addIssue({ code: 'custom', path, message });
  const { redirect, directResponse, delegate } = route;
  if (delegate !== undefined) {
    if (route.route.length > 0) issue('a delegating route has no destinations of its own', 'route');
    if (redirect !== undefined) issue('a delegating route has no redirect', 'redirect');
    return;
  }
  if (redirect !== undefined) {
    if (route.route.length > 0) issue('a route has destinations or a redirect, not both', 'redirect');
    if (directResponse !== undefined)
      issue('a route has a directResponse or a redirect, not both', 'redirect');
    if (route.rewrite !== undefined) issue('a redirect and a rewrite exclude each other', 'rewrite');
    if (!REDIRECT_CODES.has(redirect.redirectCode ?? 0))
      issue('Envoy redirects with 301, 302, 303, 307 or 308', 'redirect', 'redirectCode');
  } else if (directResponse !== undefined) {
    if (route.route.length > 0)
      issue('a route has destinations or a directResponse, not both', 'directResponse');
    if (directResponse.status < 100 || directResponse.status > 599)
      issue('not an HTTP status', 'directResponse', 'status');
  } else if (route.route.length === 0)
    issue('a route needs destinations, a redirect, a directResponse or a delegate');
  if (route.mirror !== undefined && route.mirrors.length > 0)
    issue('mirror and mirrors exclude each other', 'mirrors');
  checkWeights(route.route, issue);
}

function checkWeights(
  destinations: readonly { weight: number }[],
  issue: (message: string, ...path: (string | number)[]) => void,
): void {
  if (destinations.length > 1 && destinations.every(({ weight }) => weight === 0))
    issue('the weights of a route add up to 0', 'route');
}

interface VirtualService {
  hosts: readonly string[];
  gateways: readonly string[];
  http: readonly { delegate?: unknown }[];
  tls: readonly { match: readonly { sniHosts: readonly string[] }[] }[];
  tcp: readonly unknown[];
}

/** A VirtualService without hosts is a delegate, which has neither gateways nor other than HTTP routes. */
export function checkVirtualService(spec: VirtualService, context: Context): void {
  const issue = (message: string, ...path: (string | number)[]): void =>
    void context.addIssue({ code: 'custom', path, message });
  if (spec.hosts.length === 0) {
    if (spec.gateways.length > 0) issue('a VirtualService with gateways needs hosts', 'hosts');
    if (spec.tcp.length > 0 || spec.tls.length > 0) issue('a delegate has HTTP routes only', 'hosts');
    if (spec.http.some((route) => route.delegate !== undefined))
      issue('a delegate delegates no further', 'http');
  }
  spec.tls.forEach(({ match }, route) => {
    match.forEach(({ sniHosts }, index) => {
      sniHosts.forEach((name, place) => {
        if (parseIpAddress(name) === null && !spec.hosts.some((host) => isWithin(name, host)))
          issue(
            `server name ${name} is none of the hosts ${spec.hosts.join(', ')}`,
            'tls',
            route,
            'match',
            index,
            'sniHosts',
            place,
          );
      });
    });
  });
  if (spec.http.length + spec.tls.length + spec.tcp.length === 0) issue('needs http, tls or tcp routes');
  const repeated = spec.hosts.findIndex((host, index) => spec.hosts.indexOf(host) < index);
  if (repeated >= 0) issue(`${spec.hosts[repeated]} stands twice`, 'hosts', repeated);
}

/** Whether every name of `name` is one of `host`. */
function isWithin(name: string, host: string): boolean {
  return host.startsWith('*') ? name.endsWith(host.slice(1)) : name === host;
}
