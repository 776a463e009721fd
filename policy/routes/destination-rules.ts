/** Which DestinationRule a client follows towards a service, and what it says about one port and subset. */
import type {
  DestinationRuleSpec,
  TrafficPolicySpec,
  TrafficSettings,
} from '../../model/istio/destination-rule.ts';
import { completeHost, isWildcard, mostSpecific } from './host-names.ts';
import type { RouteService } from './route-services.ts';
import type { RoutingObject } from './routing-objects.ts';
import type { RouteClient } from './sidecar-scope.ts';

type Rule = RoutingObject<DestinationRuleSpec>;

/** Finds rules for one client; the answer for a host is the same each time. */
export function createRuleFinder(
  rules: readonly Rule[],
  client: RouteClient,
  rootNamespace: string,
): (service: RouteService) => DestinationRuleSpec | null {
  const completed = rules.map((rule) => ({
    ...rule,
    spec: { ...rule.spec, host: completeHost(rule.spec.host, rule.namespace) },
  }));
  const local = completed.filter((rule) => rule.namespace === client.namespace && isLocal(rule));
  return (service) => {
    if (client.namespace !== rootNamespace) {
      const own = bestRule(local, service, client);
      if (own !== undefined) return own;
    } else {
      const own = bestRule(local.filter(isPrivate), service, client);
      if (own !== undefined) return own;
    }
    for (const namespace of [service.namespace, rootNamespace]) {
      const exported = completed.filter((rule) => rule.namespace === namespace && !isPrivate(rule));
      const found = bestRule(exported, service, client, (rule) => isExportedTo(rule, client.namespace));
      if (found) return found;
    }
    return null;
  };
}

/** A rule with a workloadSelector is its namespace's own. */
function isPrivate({ spec, namespace }: Rule): boolean {
  if (spec.workloadSelector !== undefined) return true;
  return spec.exportTo.length === 1 && (spec.exportTo[0] === '.' || spec.exportTo[0] === namespace);
}

function isLocal({ spec, namespace }: Rule): boolean {
  const { exportTo } = spec;
  return exportTo.length === 0 || exportTo.some((to) => to === '*' || to === '.' || to === namespace);
}

function isExportedTo({ spec, namespace }: Rule, client: string): boolean {
  const { exportTo } = spec;
  if (exportTo.length === 0) return true;
  return exportTo.some((to) => to === '*' || to === client || (to === '.' && namespace === client));
}

function selects({ spec, namespace }: Rule, client: RouteClient): boolean {
  if (spec.workloadSelector === undefined || namespace !== client.namespace) return false;
  return Object.entries(spec.workloadSelector.matchLabels).every(
    ([key, value]) => client.labels[key] === value,
  );
}

/** Whether a client follows a rule where no other one goes before it. */
export function mayFollow(rule: Rule, client: RouteClient): boolean {
  return rule.spec.workloadSelector === undefined
    ? isExportedTo(rule, client.namespace)
    : selects(rule, client);
}

/** undefined: no rule names the host; null: some do, and none is for this client. */
function bestRule(
  rules: readonly Rule[],
  service: RouteService,
  client: RouteClient,
  visible: (rule: Rule) => boolean = () => true,
): DestinationRuleSpec | null | undefined {
  const host = mostSpecific(
    service.host,
    rules.map(({ spec }) => spec.host),
  );
  if (host === null || (isWildcard(service.host) && !isWildcard(host))) return undefined;
  const named = rules.filter((rule) => rule.spec.host === host && visible(rule));
  if (named.length === 0) return undefined;
  const selected = named.filter((rule) => selects(rule, client));
  const chosen =
    selected.length > 0 ? selected : named.filter(({ spec }) => spec.workloadSelector === undefined);
  return mergeRules(chosen);
}

/** Rules of one host: the first policy, and all subsets. */
function mergeRules([first, ...others]: readonly Rule[]): DestinationRuleSpec | null {
  if (first === undefined) return null;
  const subsets = [...first.spec.subsets];
  let { trafficPolicy } = first.spec;
  for (const { spec } of others) {
    subsets.push(...spec.subsets.filter(({ name }) => !subsets.some((known) => known.name === name)));
    trafficPolicy ??= spec.trafficPolicy;
  }
  return { ...first.spec, subsets, trafficPolicy };
}

/** Settings for one port of one subset (`''`: the service as a whole); those of a port stand alone. */
export function settingsFor(rule: DestinationRuleSpec | null, subset: string, port: number): TrafficSettings {
  const whole = atPort(rule?.trafficPolicy, port).settings;
  const own = rule?.subsets.find(({ name }) => name === subset && subset !== '')?.trafficPolicy;
  if (own === undefined) return whole;
  const { settings, portLevel } = atPort(own, port);
  return portLevel ? settings : { ...whole, ...defined(settings) };
}

function atPort(
  policy: TrafficPolicySpec | undefined,
  port: number,
): { settings: TrafficSettings; portLevel: boolean } {
  const found = policy?.portLevelSettings.find((one) => one.port.number === port);
  const { loadBalancer, connectionPool, outlierDetection, tls } = found ?? policy ?? {};
  return {
    settings: { loadBalancer, connectionPool, outlierDetection, tls },
    portLevel: found !== undefined,
  };
}

function defined(settings: TrafficSettings): TrafficSettings {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}
