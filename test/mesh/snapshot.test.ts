import { describe, expect, it } from 'vitest';
import { compileMeshPolicies } from '../../mesh/mesh-policies.ts';
import { buildSnapshot, type SnapshotInput } from '../../mesh/snapshot.ts';
import type { Mesh } from '../../model/mesh.ts';
import type { PolicyObject } from '../../model/policy-object.ts';
import { Secret } from '../../model/secret.ts';
import { sampleMesh } from '../support/sample-mesh.ts';

const PORTS = [
  { name: 'http', port: 80, targetPort: 8080, protocol: 'http' },
  { name: 'http-alias', port: 81, targetPort: 8080, protocol: 'http' },
  { name: 'tcp-admin', port: 9000, targetPort: 9000, protocol: 'tcp' },
] as const;

const peerAuthentication = (spec: unknown): PolicyObject => ({
  apiVersion: 'security.istio.io/v1',
  kind: 'PeerAuthentication',
  metadata: { name: 'modes', namespace: 'shop', annotations: {}, labels: {} },
  spec,
  at: { file: 'policy.yaml', line: 1, column: 1 },
  positions: {},
});

function input(mesh: Mesh, more: Partial<SnapshotInput> = {}): SnapshotInput {
  const instances = mesh.workloads.flatMap((workload) =>
    workload.instances.map(({ id }) => ({ id, workload })),
  );
  return {
    mesh,
    policies: compileMeshPolicies(mesh),
    clockOffsetMs: 5,
    trustBundlePem: ['root'],
    gateProfile: 'istio',
    placements: new Map(
      instances.map(({ id, workload }, index) => [
        id,
        {
          instance: id,
          inboundHost: '127.0.0.1',
          outboundHost: '127.0.0.2',
          upstreams: workload.ports.map(({ targetPort }) => ({
            port: targetPort,
            host: '127.0.0.3',
            upstreamPort: 20_000 + index,
          })),
          allowedOutboundPeers: ['172.18.0.2'],
        },
      ]),
    ),
    credentials: new Map(
      instances.map(({ id }) => [
        id,
        {
          certificateChainPem: `certificate of ${id}`,
          privateKey: new Secret('key'),
          notBefore: 0,
          notAfter: 1,
        },
      ]),
    ),
    unavailable: new Set(),
    ...more,
  };
}

const mesh = sampleMesh([{ name: 'web' }, { name: 'orders', replicas: 2, ports: PORTS }], {
  policies: [
    peerAuthentication({ mtls: { mode: 'STRICT' } }),
    {
      ...peerAuthentication({
        selector: { matchLabels: { app: 'orders' } },
        portLevelMtls: { 9000: { mode: 'DISABLE' } },
      }),
      metadata: { name: 'port', namespace: 'shop', annotations: {}, labels: {} },
    },
  ],
});

describe('a snapshot', () => {
  it('is refused when nothing is known of an instance', () => {
    expect(() => buildSnapshot(1, input(mesh, { credentials: new Map() }))).toThrow(
      'nothing is known of instance web-0',
    );
    expect(() => buildSnapshot(1, input(mesh, { placements: new Map() }))).toThrow(
      'nothing is known of instance web-0',
    );
  });

  it('has one inbound listener for each workload port, with the mode and the policies of that port', () => {
    const [orders] = buildSnapshot(1, input(mesh)).instances.filter(({ id }) => id === 'orders-0');
    expect(
      orders?.inbound.map(({ port, protocol, mtls, listen, upstream }) => ({
        port,
        protocol,
        mtls,
        listen,
        upstream,
      })),
    ).toEqual([
      {
        port: 8080,
        protocol: 'http',
        mtls: 'STRICT',
        listen: { host: '127.0.0.1', port: 0 },
        upstream: { host: '127.0.0.3', port: 20_001 },
      },
      {
        port: 9000,
        protocol: 'tcp',
        mtls: 'DISABLE',
        listen: { host: '127.0.0.1', port: 0 },
        upstream: { host: '127.0.0.3', port: 20_001 },
      },
    ]);
    expect(orders?.inbound.map(({ policy }) => policy.target.port)).toEqual([8080, 9000]);
    expect(orders?.credentials).toEqual({
      certificateChainPem: 'certificate of orders-0',
      privateKeyPem: 'key',
    });
  });

  it('gives each instance a proxy and a listener for each port of each service', () => {
    const [web] = buildSnapshot(1, input(mesh)).instances;
    expect(
      web?.outbound.map((listener) =>
        listener.kind === 'peer' ? `${listener.service}:${listener.port}` : listener.kind,
      ),
    ).toEqual(['http-proxy', 'web:80', 'orders:80', 'orders:81', 'orders:9000']);
    expect(web?.allowedOutboundPeers).toEqual(['172.18.0.2']);
  });

  it('names the identity that each service may have, and speaks plain where its sidecar would', () => {
    const orders = buildSnapshot(1, input(mesh)).services.find(({ id }) => id === 'orders');
    expect(
      orders?.ports.map(({ port, tls, expectedSpiffeIds }) => ({ port, tls, expectedSpiffeIds })),
    ).toEqual([
      { port: 80, tls: 'ISTIO_MUTUAL', expectedSpiffeIds: ['spiffe://cluster.local/ns/shop/sa/orders'] },
      { port: 81, tls: 'ISTIO_MUTUAL', expectedSpiffeIds: ['spiffe://cluster.local/ns/shop/sa/orders'] },
      { port: 9000, tls: 'DISABLE', expectedSpiffeIds: ['spiffe://cluster.local/ns/shop/sa/orders'] },
    ]);
  });

  it("counts an instance that is down among nobody's endpoints", () => {
    const { services } = buildSnapshot(1, input(mesh, { unavailable: new Set(['orders-1']) }));
    expect(services.find(({ id }) => id === 'orders')?.ports[0]?.endpoints).toEqual([
      { instance: 'orders-0' },
    ]);
  });

  it('is plain data', () => {
    const snapshot = buildSnapshot(3, input(mesh));
    expect(structuredClone(snapshot)).toEqual(snapshot);
    expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot);
  });
});
