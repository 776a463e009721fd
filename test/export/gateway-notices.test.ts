/** What is told of gateways when a mesh is exported: their Gateways leave as written, what serves them is Istio's. */
import { describe, expect, it } from 'vitest';
import { exportIstio } from '../../export/istio.ts';
import type { MeshGateway } from '../../model/mesh.ts';
import { sampleMesh } from '../support/sample-mesh.ts';

const GATEWAY = `# The shop's own door.
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: public, namespace: shop }
spec: { gatewayClassName: istio, listeners: [{ name: http, port: 80, protocol: HTTP }] }
`;

function gateway(labels: MeshGateway['labels']): MeshGateway {
  return {
    name: 'public-istio',
    id: 'public-istio',
    namespace: 'shop',
    serviceAccount: 'public-istio',
    spiffeId: 'spiffe://cluster.local/ns/shop/sa/public-istio',
    labels,
    instance: { id: 'public-istio-0', workload: 'public-istio', podIp: '10.244.254.1' },
    listen: {},
    credentials: {},
    meshClients: [],
    at: { file: 'greenroom.yaml', line: 1, column: 1 },
  };
}

const exported = (labels: MeshGateway['labels']) =>
  exportIstio({ ...sampleMesh([{ name: 'web' }]), gateways: [gateway(labels)] }, [
    { path: 'policies/gateway.yaml', text: GATEWAY },
  ]);

describe('a gateway of an exported mesh', () => {
  it.each([
    [{ istio: 'ingress' }, "is installed by Istio's own chart"],
    [
      { 'gateway.networking.k8s.io/gateway-name': 'public' },
      'is deployed by istiod itself, from Gateway shop/public',
    ],
  ])('with labels %j %s', (labels, why) => {
    const { problems } = exported(labels);
    expect(problems.filter(({ code }) => code === 'gateway-apart')).toMatchObject([
      { severity: 'notice', message: expect.stringContaining(why) },
    ]);
  });

  it('leaves its Gateway as it was written', () => {
    const { files } = exported({});
    expect(files.find(({ path }) => path === 'policies/gateway.yaml')?.text).toBe(GATEWAY);
  });
});
