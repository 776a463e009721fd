/**
 * What objects ask of a client's sidecar that isn't rehearsed here. Each is an error: without it a rehearsal would send
 * requests where the cluster doesn't.
 */
import type { DestinationRuleSpec, TrafficSettings } from '../../model/istio/destination-rule.ts';
import type { HeadersSpec } from '../../model/istio/virtual-service-destination.ts';
import type { StringMatchSpec } from '../../model/istio/string-match.ts';
import type { HttpRouteSpec } from '../../model/istio/virtual-service.ts';
import { positionOf, type PolicyObject } from '../../model/policy-object.ts';
import type { Problem } from '../../model/problem.ts';
import { unknownCommand } from './header-commands.ts';
import { regexProblem } from './regular-expression.ts';
import { readRoutingObjects, type RoutingObject, type RoutingObjects } from './routing-objects.ts';

type Path = readonly (string | number)[];
type Report = (path: Path, message: string, code?: string) => void;

/** Problems of all routing objects, each at its line. */
export function routeProblems(objects: readonly PolicyObject[]): Problem[] {
  const read = readRoutingObjects(objects);
  const found: Problem[] = [];
  const each = <Spec>(
    list: readonly RoutingObject<Spec>[],
    check: (spec: Spec, report: Report) => void,
  ): void => {
    for (const { spec, object } of list)
      check(spec, (path, message, code = 'not-supported-yet') => {
        found.push({ code, severity: 'error', message, at: positionOf(object, ['spec', ...path]) });
      });
  };
  each(read.virtualServices, ({ http }, report) => {
    http.forEach((route, index) => checkRoute(route, ['http', index], report));
  });
  each(read.destinationRules, checkRule);
  each(read.serviceEntries, ({ resolution }, report) => {
    if (resolution === 'DYNAMIC_DNS')
      report(['resolution'], 'resolution DYNAMIC_DNS is not supported in this version');
  });
  each(read.sidecars, (spec, report) => {
    if (spec.ingress.length > 0)
      report(['ingress'], 'a Sidecar’s ingress listeners are not made in this version');
    if (spec.outboundTrafficPolicy?.egressProxy !== undefined)
      report(['outboundTrafficPolicy', 'egressProxy'], 'an egressProxy is not supported in this version');
    spec.egress.forEach(({ bind, captureMode }, index) => {
      if (bind !== '' || captureMode === 'NONE')
        report(
          ['egress', index],
          'egress listeners of one’s own address or without capture are not made in this version',
        );
    });
  });
  checkGatewayApi(read, each);
  return found;
}

function checkRoute(route: HttpRouteSpec, path: Path, report: Report): void {
  route.match.forEach((match, index) => {
    const at = [...path, 'match', index];
    for (const field of ['uri', 'method', 'authority', 'scheme'] as const)
      checkText(match[field], [...at, field], report);
    for (const field of ['headers', 'withoutHeaders', 'queryParams'] as const)
      for (const [name, wanted] of Object.entries(match[field])) {
        if (name.startsWith('@request.auth.claims'))
          report(
            [...at, field, name],
            'matching on claims of a token works at gateways only, and is not read in this version',
          );
        checkText(wanted, [...at, field, name], report);
      }
  });
  const { uriRegexRewrite } = route.rewrite ?? {};
  if (uriRegexRewrite !== undefined)
    checkText({ regex: uriRegexRewrite.match }, [...path, 'rewrite', 'uriRegexRewrite', 'match'], report);
  for (const [index, origin] of (route.corsPolicy?.allowOrigins ?? []).entries())
    checkText(origin, [...path, 'corsPolicy', 'allowOrigins', index], report);
  if (route.fault?.delay?.exponentialDelay !== undefined)
    report(
      [...path, 'fault', 'delay', 'exponentialDelay'],
      'exponentialDelay does nothing in Istio: write fixedDelay',
    );
  checkHeaders(route.headers, [...path, 'headers'], report);
  route.route.forEach(({ headers }, index) =>
    checkHeaders(headers, [...path, 'route', index, 'headers'], report),
  );
}

function checkText(match: StringMatchSpec | undefined, path: Path, report: Report): void {
  if (match?.regex === undefined || match.regex === '*') return;
  const problem = regexProblem(match.regex);
  if (problem !== null)
    report(path, `the expression ${match.regex} can't be matched: ${problem}`, 'invalid-value');
}

function checkHeaders(headers: HeadersSpec | undefined, path: Path, report: Report): void {
  for (const side of ['request', 'response'] as const)
    for (const verb of ['set', 'add'] as const)
      for (const [name, value] of Object.entries(headers?.[side]?.[verb] ?? {})) {
        const command = unknownCommand(value);
        if (command !== null)
          report(
            [...path, side, verb, name],
            `${command} in a header's value is not supported in this version`,
          );
      }
}

function checkRule(rule: DestinationRuleSpec, report: Report): void {
  checkSettings(rule.trafficPolicy, ['trafficPolicy'], report);
  rule.trafficPolicy?.portLevelSettings.forEach((settings, index) =>
    checkSettings(settings, ['trafficPolicy', 'portLevelSettings', index], report),
  );
  rule.subsets.forEach(({ trafficPolicy }, index) => {
    checkSettings(trafficPolicy, ['subsets', index, 'trafficPolicy'], report);
    trafficPolicy?.portLevelSettings.forEach((settings, at) =>
      checkSettings(settings, ['subsets', index, 'trafficPolicy', 'portLevelSettings', at], report),
    );
  });
}

function checkSettings(settings: TrafficSettings | undefined, path: Path, report: Report): void {
  const { tls, connectionPool } = settings ?? {};
  if (tls !== undefined && tls.caCrl !== '')
    report([...path, 'tls', 'caCrl'], 'lists of revoked certificates are not read in this version');
  if (connectionPool?.http?.useClientProtocol === true)
    report(
      [...path, 'connectionPool', 'http', 'useClientProtocol'],
      'useClientProtocol is not supported in this version',
    );
}

const HTTP_FILTERS = new Set([
  'RequestHeaderModifier',
  'ResponseHeaderModifier',
  'RequestRedirect',
  'RequestMirror',
  'URLRewrite',
]);

function checkGatewayApi(
  { httpRoutes, grpcRoutes, tlsRoutes, tcpRoutes }: RoutingObjects,
  each: <Spec>(list: readonly RoutingObject<Spec>[], check: (spec: Spec, report: Report) => void) => void,
): void {
  each(httpRoutes, ({ parentRefs, rules }, report) => {
    checkParents(parentRefs, report);
    rules.forEach(({ filters, matches }, index) => {
      checkFilters(filters, index, report);
      matches.forEach(({ path, headers, queryParams }, at) => {
        const where = ['rules', index, 'matches', at];
        if (path.type === 'RegularExpression')
          checkText({ regex: path.value }, [...where, 'path', 'value'], report);
        for (const { type, value } of [...headers, ...queryParams])
          if (type === 'RegularExpression') checkText({ regex: value }, where, report);
      });
    });
  });
  each(grpcRoutes, ({ parentRefs, rules }, report) => {
    checkParents(parentRefs, report);
    rules.forEach(({ filters }, index) => checkFilters(filters, index, report));
  });
  for (const routes of [tlsRoutes, tcpRoutes])
    each<{ parentRefs: readonly { kind: string }[]; rules: readonly unknown[] }>(routes, (spec, report) => {
      spec.parentRefs.forEach(({ kind }, index) => {
        if (kind !== 'Gateway')
          report(['parentRefs', index], `routes of bytes of a ${kind} are not served in this version`);
      });
      if (spec.rules.length > 1) report(['rules', 1], 'a route of bytes has one rule that is followed');
    });
}

const PARENTS = new Set(['Service', 'ServiceEntry', 'Gateway']);

function checkParents(parents: readonly { kind: string }[], report: Report): void {
  parents.forEach(({ kind }, index) => {
    if (!PARENTS.has(kind))
      report(
        ['parentRefs', index],
        `routes of a ${kind} are not served in this version: only those of a Service or Gateway`,
      );
  });
}

function checkFilters(filters: readonly { type: string }[], rule: number, report: Report): void {
  filters.forEach(({ type }, index) => {
    if (!HTTP_FILTERS.has(type))
      report(['rules', rule, 'filters', index], `filter ${type} is not supported in this version`);
  });
}
