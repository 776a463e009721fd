/** Meshes for tests of the control plane, made without files. */
import { fileURLToPath } from 'node:url';
import type { Mesh, MeshConfig, Workload } from '../../model/mesh.ts';

export const MESH_CONFIG: MeshConfig = {
  pathNormalization: 'BASE',
  outboundTrafficPolicy: 'REGISTRY_ONLY',
  rootNamespace: 'istio-system',
  trustDomain: 'cluster.local',
  trustDomainAliases: [],
  numTrustedProxies: 0,
};

const FIXTURES = fileURLToPath(new URL('./fixtures/', import.meta.url));

/** What the service of test/support/fixtures/service.js does instead of serving well. */
export interface Quirk {
  exit?: number;
  silent?: true;
  port?: number;
  spawn?: true;
  bare?: string;
  stubborn?: true;
  slowMs?: number;
}

export interface SampleWorkload {
  name: string;
  namespace?: string;
  replicas?: number;
  quirk?: Quirk;
  ports?: Workload['ports'];
  run?: Partial<Workload['run']>;
}

const HTTP_PORT = { name: 'http', port: 80, targetPort: 8080, protocol: 'http' } as const;

export function sampleWorkload(sample: SampleWorkload, index = 0): Workload {
  const { name, namespace = 'shop', replicas = 1, quirk = {}, ports = [HTTP_PORT], run = {} } = sample;
  const id = namespace === 'shop' ? name : `${namespace}/${name}`;
  return {
    name,
    id,
    namespace,
    serviceAccount: name,
    spiffeId: `spiffe://cluster.local/ns/${namespace}/sa/${name}`,
    labels: { app: name },
    ports,
    clusterIp: `10.96.0.${index + 10}`,
    instances: Array.from({ length: replicas }, (_, replica) => ({
      id: `${id}-${replica}`,
      workload: id,
      podIp: `10.244.${index}.${replica + 10}`,
    })),
    run: {
      command: ['node', 'service.js', JSON.stringify(quirk)],
      image: null,
      build: null,
      attach: null,
      environment: {},
      cwd: FIXTURES,
      witness: null,
      ...run,
    },
    at: { file: 'greenroom.yaml', line: 1, column: 1 },
  };
}

export function sampleMesh(samples: readonly SampleWorkload[], more: Partial<Mesh> = {}): Mesh {
  return {
    name: 'sample',
    namespace: 'shop',
    root: FIXTURES,
    config: MESH_CONFIG,
    workloads: samples.map(sampleWorkload),
    policies: [],
    scenarioFiles: [],
    policyFiles: [],
    ...more,
  };
}
