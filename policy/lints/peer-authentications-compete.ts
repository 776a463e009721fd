/** Two PeerAuthentications of one scope: Istio takes the older and says nothing of the other. */
import type { PeerAuthenticationSpec } from '../../model/istio/peer-authentication.ts';
import { type PolicyObject, positionOf } from '../../model/policy-object.ts';
import type { Finding, Lint } from '../lint.ts';
import { type LintView, workloadNames } from '../lint-view.ts';
import { byAge } from '../peer-authentication.ts';
import { hasSelector, objectsInScope } from '../scope.ts';

type PeerAuthentication = PolicyObject<PeerAuthenticationSpec>;

export const peerAuthenticationsCompete: Lint = {
  code: 'peer-authentications-compete',
  summary: 'Two PeerAuthentications of one scope: only the older counts',
  check: (view) => {
    const all = view.mesh.policies
      .filter((object): object is PeerAuthentication => object.kind === 'PeerAuthentication')
      .filter(
        ({ metadata, spec }) => metadata.namespace !== view.mesh.config.rootNamespace || !hasSelector(spec),
      )
      .toSorted(byAge);
    return all.flatMap((loser, index) =>
      all.slice(0, index).flatMap((winner) => competing(winner, loser, view)),
    );
  },
};

function competing(winner: PeerAuthentication, loser: PeerAuthentication, view: LintView): Finding[] {
  if (winner.metadata.namespace !== loser.metadata.namespace) return [];
  if (hasSelector(winner.spec) !== hasSelector(loser.spec) || sameModes(winner, loser)) return [];
  const { rootNamespace } = view.mesh.config;
  const both = view.workloads.filter(
    ({ workload }) =>
      objectsInScope([winner, loser], 'PeerAuthentication', workload, rootNamespace).length === 2,
  );
  if (both.length === 0) return [];
  const { namespace, name } = loser.metadata;
  return [
    {
      severity: 'warning',
      message: `PeerAuthentication ${namespace}/${name} has no effect on ${workloadNames(both)}: ${winner.metadata.name} has the same scope and wins, as the older (of one age, by name)`,
      hint: 'keep one for each scope: in a cluster the order of creation decides, which no file shows',
      at: positionOf(loser, ['metadata', 'name']),
    },
  ];
}

function sameModes(a: PeerAuthentication, b: PeerAuthentication): boolean {
  const modes = ({ spec }: PeerAuthentication) => JSON.stringify([spec?.mtls, spec?.portLevelMtls]);
  return modes(a) === modes(b);
}
