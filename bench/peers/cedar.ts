/** Cedar, as its WebAssembly package has it: the policy set parsed once and kept, a call a decision. */
import { preparsePolicySet, statefulIsAuthorized } from '@cedar-policy/cedar-wasm/nodejs';
import { cedarPolicies } from '../policy-rules.ts';
import type { Peer } from './peer.ts';

export const cedar: Peer = {
  name: 'cedar-wasm 4.13',
  load: async (count) => {
    const id = `rules-${count}`;
    const parsed = preparsePolicySet(id, { staticPolicies: cedarPolicies(count) });
    if (parsed.type !== 'success') throw new Error(`Cedar refused the rules: ${JSON.stringify(parsed)}`);
    return ({ principal, method, path }) => {
      const call = {
        principal: { type: 'Client', id: principal },
        action: { type: 'Action', id: method },
        resource: { type: 'Workload', id: 'cart' },
        context: { path },
        preparsedPolicySetId: id,
        entities: [],
      };
      return () => {
        const answer = statefulIsAuthorized(call);
        if (answer.type !== 'success') throw new Error(`Cedar failed: ${JSON.stringify(answer)}`);
        return answer.response.decision === 'allow';
      };
    };
  },
};
