/** A root's route and its delegate's, made one: both conditions hold, and the delegate's own fields win. */
import type { HttpMatchSpec, HttpRouteSpec } from '../../model/istio/virtual-service.ts';
import type { StringMatchSpec } from '../../model/istio/string-match.ts';

/** null: no request can be taken by both, so that the delegate's route is left out. */
export function mergeDelegate(root: HttpRouteSpec, own: HttpRouteSpec): HttpRouteSpec | null {
  const match = mergeMatches(root.match, own.match);
  if (match === null) return null;
  return {
    ...own,
    match,
    name: [root.name, own.name].filter((name) => name !== '').join('-'),
    rewrite: own.rewrite ?? root.rewrite,
    directResponse: own.directResponse ?? root.directResponse,
    timeout: own.timeout ?? root.timeout,
    retries: own.retries ?? root.retries,
    fault: own.fault ?? root.fault,
    mirror: own.mirror ?? root.mirror,
    mirrorPercent: own.mirrorPercent ?? root.mirrorPercent,
    mirrorPercentage: own.mirrorPercentage ?? root.mirrorPercentage,
    corsPolicy: own.corsPolicy ?? root.corsPolicy,
    mirrors: own.mirrors.length > 0 ? own.mirrors : root.mirrors,
    headers: own.headers ?? root.headers,
  };
}

function mergeMatches(root: HttpMatchSpec[], own: HttpMatchSpec[]): HttpMatchSpec[] | null {
  if (root.length === 0) return own;
  if (own.length === 0) return root;
  const merged: HttpMatchSpec[] = [];
  for (const narrow of own) {
    const fitting = root.filter((wide) => !conflicts(wide, narrow));
    if (fitting.length === 0) return null;
    merged.push(...fitting.map((wide) => mergeMatch(wide, narrow)));
  }
  return merged;
}

function mergeMatch(root: HttpMatchSpec, own: HttpMatchSpec): HttpMatchSpec {
  return {
    ...own,
    uri: own.uri ?? root.uri,
    scheme: own.scheme ?? root.scheme,
    method: own.method ?? root.method,
    authority: own.authority ?? root.authority,
    headers: { ...root.headers, ...own.headers },
    withoutHeaders: { ...root.withoutHeaders, ...own.withoutHeaders },
    queryParams: { ...root.queryParams, ...own.queryParams },
    port: own.port || root.port,
    sourceLabels: { ...root.sourceLabels, ...own.sourceLabels },
    sourceNamespace: own.sourceNamespace || root.sourceNamespace,
    gateways: own.gateways.length > 0 ? own.gateways : root.gateways,
  };
}

function conflicts(root: HttpMatchSpec, own: HttpMatchSpec): boolean {
  if ((['uri', 'scheme', 'method', 'authority'] as const).some((field) => differ(root[field], own[field])))
    return true;
  for (const field of ['headers', 'withoutHeaders', 'queryParams'] as const)
    for (const [name, wanted] of Object.entries(own[field]))
      if (differ(root[field][name], wanted)) return true;
  if (root.ignoreUriCase !== own.ignoreUriCase) return true;
  if (root.port > 0 && own.port > 0 && root.port !== own.port) return true;
  if (root.sourceNamespace !== '' && own.sourceNamespace !== root.sourceNamespace) return true;
  for (const [label, value] of Object.entries(own.sourceLabels))
    if (root.sourceLabels[label] !== undefined && root.sourceLabels[label] !== value) return true;
  if (root.gateways.length === 0 || own.gateways.length === 0) return false;
  return own.gateways.some((gateway) => !root.gateways.includes(gateway));
}

/** Whether the delegate's condition isn't within the root's; an expression is within nothing, and has nothing in it. */
function differ(root: StringMatchSpec | undefined, own: StringMatchSpec | undefined): boolean {
  if (root === undefined || own === undefined) return false;
  const isSet = ({ regex, prefix, exact }: StringMatchSpec): boolean => Boolean(regex || prefix || exact);
  if (root.regex && isSet(own)) return true;
  if (own.regex && isSet(root)) return true;
  if (root.exact) return Boolean(own.prefix) || own.exact !== root.exact;
  if (root.prefix) {
    if (own.prefix) return !own.prefix.startsWith(root.prefix);
    if (own.exact) return !own.exact.startsWith(root.prefix);
  }
  return true;
}
