import { describe, expect, it } from 'vitest';
import { discoverServices } from '../../mesh/discovery.ts';
import { compileMeshPolicies } from '../../mesh/mesh-policies.ts';
import { sampleMesh } from '../support/sample-mesh.ts';

const peerAuthentication = (mode: string) => ({
  apiVersion: 'security.istio.io/v1',
  kind: 'PeerAuthentication',
  metadata: { name: 'mode', namespace: 'shop', annotations: {}, labels: {} },
  spec: { mtls: { mode } },
  at: { file: 'policy.yaml', line: 1, column: 1 },
  positions: {},
});

function portOf(mode: string, unavailable: string[] = []) {
  const mesh = sampleMesh([{ name: 'orders', replicas: 2 }], { policies: [peerAuthentication(mode)] });
  const [service] = discoverServices(mesh, compileMeshPolicies(mesh), new Set(unavailable));
  return service?.ports[0];
}

describe('discovery', () => {
  it('gives a service whose instances are all down no endpoint, and keeps the service', () => {
    expect(portOf('STRICT', ['orders-0', 'orders-1'])).toMatchObject({ port: 80, endpoints: [] });
  });

  it('leaves out the one that is down', () => {
    expect(portOf('STRICT', ['orders-0'])?.endpoints).toEqual([{ instance: 'orders-1' }]);
  });

  it.each([
    ['STRICT', 'ISTIO_MUTUAL'],
    ['PERMISSIVE', 'ISTIO_MUTUAL'],
    ['DISABLE', 'DISABLE'],
  ])('calls a %s port with %s', (mode, tls) => {
    expect(portOf(mode)?.tls).toBe(tls);
  });

  it("expects the service's own identity and no other", () => {
    expect(portOf('STRICT')?.expectedSpiffeIds).toEqual(['spiffe://cluster.local/ns/shop/sa/orders']);
  });
});
