/** Where DestinationRules say that a client's TLS has certificates of one's own. */
import type {
  ClientTlsSpec,
  DestinationRuleSpec,
  TrafficPolicySpec,
} from '../../model/istio/destination-rule.ts';
import type { PolicyObject } from '../../model/policy-object.ts';
import { namedSecrets } from './named-secrets.ts';
import { readRoutingObjects, type RoutingObject } from './routing-objects.ts';

type Path = readonly (string | number)[];

export interface RuleTls {
  rule: RoutingObject<DestinationRuleSpec>;
  tls: ClientTlsSpec;
  /** Of `tls`, within the object. */
  path: Path;
}

/** All that name any certificate or roots. */
export function tlsOfRules(objects: readonly PolicyObject[]): RuleTls[] {
  return readRoutingObjects(objects).destinationRules.flatMap((rule) =>
    [
      ...tlsOfPolicy(rule.spec.trafficPolicy, ['spec', 'trafficPolicy']),
      ...rule.spec.subsets.flatMap(({ trafficPolicy }, index) =>
        tlsOfPolicy(trafficPolicy, ['spec', 'subsets', index, 'trafficPolicy']),
      ),
    ]
      .filter(({ tls }) => {
        const { certificate, roots } = namedSecrets(tls);
        return certificate !== null || roots !== null;
      })
      .map((found) => ({ rule, ...found })),
  );
}

function tlsOfPolicy(policy: TrafficPolicySpec | undefined, path: Path): Omit<RuleTls, 'rule'>[] {
  if (policy === undefined) return [];
  const settings = [
    { tls: policy.tls, path },
    ...policy.portLevelSettings.map(({ tls }, index) => ({
      tls,
      path: [...path, 'portLevelSettings', index],
    })),
  ];
  return settings.flatMap(({ tls, path: at }) => (tls === undefined ? [] : [{ tls, path: [...at, 'tls'] }]));
}
