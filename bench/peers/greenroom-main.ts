/**
 * The measured Greenroom: `web` calls `orders`, each with its sidecar, put together as a session does it (data plane
 * on its thread, recorder on disk), and nothing else in the process.
 */
import { openRecorder } from '../../mesh/recorder.ts';
import type { AppProtocol } from '../../model/mesh.ts';
import { compilePolicies } from '../../policy/compile.ts';
import type { InboundPort, InstanceSnapshot, ServiceSnapshot, Snapshot } from '../../proxy/snapshot.ts';
import { authorizationPolicy, ORDERS, startPair } from '../../test/support/sidecar-pair.ts';
import { ALLOWED_METHODS, ALLOWED_PREFIX, type BenchProtocol } from '../pair/cases.ts';
import type { FromGreenroom, GreenroomSetting, ToGreenroom } from './greenroom-messages.ts';

const setting = JSON.parse(process.argv[2] ?? '') as GreenroomSetting;
const loopback = { host: '127.0.0.1', port: 0 };
const begin = performance.now();

const POLICIES = [
  authorizationPolicy('allow-web', {
    rules: [
      {
        from: [{ source: { principals: ['cluster.local/ns/shop/sa/web'] } }],
        to: [{ operation: { methods: [...ALLOWED_METHODS], paths: [`${ALLOWED_PREFIX}*`] } }],
      },
    ],
  }),
];
const policies = setting.policy ? POLICIES : [];

/** Service port, workload port and protocol of each kind of load. */
const PORTS: Readonly<Record<BenchProtocol, { port: number; targetPort: number; protocol: AppProtocol }>> = {
  http1: { port: 80, targetPort: 8080, protocol: 'http' },
  http2: { port: 81, targetPort: 8081, protocol: 'http2' },
  grpc: { port: 82, targetPort: 8082, protocol: 'grpc' },
};

function inboundPort({ targetPort, protocol }: (typeof PORTS)[BenchProtocol]): InboundPort {
  const target = { namespace: 'shop', labels: {}, serviceAccount: 'orders' };
  const config = { rootNamespace: 'istio-system', trustDomain: 'cluster.local', trustDomainAliases: [] };
  const upstream = protocol === 'http' ? setting.upstreams.http1 : setting.upstreams.http2;
  return {
    port: targetPort,
    protocol,
    mtls: 'STRICT',
    listen: loopback,
    upstream: { host: '127.0.0.1', port: upstream },
    policy: compilePolicies(policies, target, { port: targetPort, protocol }, config),
  };
}

function servicePort({
  port,
  targetPort,
  protocol,
}: (typeof PORTS)[BenchProtocol]): ServiceSnapshot['ports'][number] {
  return {
    port,
    targetPort,
    protocol,
    endpoints: [{ instance: 'orders-0' }],
    tls: 'ISTIO_MUTUAL',
    expectedSpiffeIds: [ORDERS],
  };
}

/** One more sidecar: both listeners, its own material; it calls the next of them. */
function another(first: InstanceSnapshot, index: number): InstanceSnapshot {
  return {
    ...first,
    id: `other-${index}`,
    workload: `other-${index}`,
    podIp: `10.245.${index >> 8}.${index & 255}`,
    inbound: [inboundPort(PORTS.http1)],
    outbound: [
      { kind: 'peer', listen: loopback, service: `other-${(index + 1) % setting.others}`, port: 80 },
    ],
  };
}

function serviceOf(index: number): ServiceSnapshot {
  const id = `other-${index}`;
  const port = { ...servicePort(PORTS.http1), endpoints: [{ instance: id }] };
  return { id, name: id, namespace: 'shop', clusterIp: `10.97.${index >> 8}.${index & 255}`, ports: [port] };
}

function edit(snapshot: Snapshot): void {
  const [web, orders] = snapshot.instances;
  const [service] = snapshot.services;
  if (web === undefined || orders === undefined || service === undefined) throw new Error('no pair');
  const all = Object.values(PORTS);
  orders.inbound = all.map(inboundPort);
  service.ports = all.map(servicePort);
  web.outbound = all.map(({ port }) => ({ kind: 'peer', listen: loopback, service: 'orders', port }));
  for (let index = 0; index < setting.others; index += 1) {
    snapshot.instances.push(another(orders, index));
    snapshot.services.push(serviceOf(index));
  }
}

const startedAt = new Date().toISOString();
const recorder = openRecorder(setting.dataDir, { session: 'bench', mesh: 'bench', root: '/', startedAt });
const pair = await startPair(loopback);
pair.plane.onEvents((events) => recorder.record(events));
await pair.publish({ edit });
const port = (service: number): number => pair.at('web-0', `orders:${service}`).port;

function tell(message: FromGreenroom): void {
  process.send?.(message);
}

process.on('message', (_message: ToGreenroom) => {
  void pair.plane.flush().then(() => {
    recorder.write();
    tell({ kind: 'counted', counts: recorder.counts() });
  });
});
process.on('disconnect', () => process.exit());
process.on('SIGTERM', () => process.exit());
tell({
  kind: 'ready',
  ports: { http1: port(80), http2: port(81), grpc: port(82) },
  others: Array.from(
    { length: setting.others },
    (_, index) => pair.at(`other-${index}`, `other-${(index + 1) % setting.others}:80`).port,
  ),
  startMs: performance.now() - begin,
});
