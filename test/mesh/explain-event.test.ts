import { describe, expect, it } from 'vitest';
import { explainEvent } from '../../mesh/explain-event.ts';
import { compileMeshPolicies } from '../../mesh/mesh-policies.ts';
import { deniedEvent, sampleEvent } from '../support/sample-event.ts';
import { sampleMesh } from '../support/sample-mesh.ts';

const allowWeb = {
  apiVersion: 'security.istio.io/v1',
  kind: 'AuthorizationPolicy',
  metadata: { name: 'allow-web', namespace: 'shop', annotations: {}, labels: {} },
  spec: { rules: [{ from: [{ source: { principals: ['cluster.local/ns/shop/sa/web'] } }] }] },
  at: { file: 'policy.yaml', line: 1, column: 1 },
  positions: {},
};
const mesh = sampleMesh([{ name: 'orders' }], { policies: [allowWeb] });
const policies = compileMeshPolicies(mesh);

describe('an explanation after the fact', () => {
  it.each([
    ['outbound, where nothing is judged', sampleEvent({ direction: 'outbound' }), policies],
    ['of a refused handshake', sampleEvent({ kind: 'handshake', request: null }), policies],
    ['of an instance that the mesh has not', sampleEvent({ owner: 'ghost-0' }), policies],
    ['of a snapshot whose policies are unknown', sampleEvent(), undefined],
  ])('is not there for an event %s', (_what, event, known) => {
    expect(explainEvent(event, mesh, known)).toBeNull();
  });

  it('is the recorded one where the data plane gave one', () => {
    const explanation = { sentence: 'as it was', trail: [], nearest: null };
    expect(explainEvent(deniedEvent({ explanation }), mesh, policies)).toBe(explanation);
  });

  it('is worked out from the policies of that time, and names the rule and its file', () => {
    const decision = {
      verdict: 'allow',
      phase: 'allow',
      reason: 'allow-matched',
      matched: {
        kind: 'AuthorizationPolicy',
        namespace: 'shop',
        name: 'allow-web',
        action: 'ALLOW',
        rule: 0,
        at: allowWeb.at,
      },
    } as const;
    const event = sampleEvent({ decision });
    const found = explainEvent(event, mesh, policies);
    expect(found?.trail.find(({ phase }) => phase === 'allow')).toMatchObject({ outcome: 'passed' });
    expect(JSON.stringify(found)).toContain('allow-web');
    // The same from policies that were on disk meanwhile.
    expect(explainEvent(event, mesh, JSON.parse(JSON.stringify(policies)))).toEqual(found);
  });
});
