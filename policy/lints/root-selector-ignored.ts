/** A PeerAuthentication with a selector in the root namespace: Istio leaves it out without a word. */
import { type PolicyObject, positionOf } from '../../model/policy-object.ts';
import type { Lint } from '../lint.ts';
import { hasSelector, type Scoped } from '../scope.ts';

export const rootSelectorIgnored: Lint = {
  code: 'root-selector-ignored',
  summary: 'A PeerAuthentication of the root namespace has a selector, and is ignored',
  check: ({ mesh }) =>
    mesh.policies
      .filter(
        (object): object is PolicyObject<Scoped> =>
          object.kind === 'PeerAuthentication' && object.metadata.namespace === mesh.config.rootNamespace,
      )
      .filter(({ spec }) => hasSelector(spec ?? {}))
      .map((object) => ({
        severity: 'error',
        message: `PeerAuthentication ${object.metadata.namespace}/${object.metadata.name} is ignored: in the root namespace Istio takes none with a selector`,
        hint: "write it in the workload's own namespace",
        at: positionOf(object, ['spec', 'selector']),
      })),
};
