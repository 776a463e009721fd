/** What a gateway's routes ask of the services behind them. */
import { describe, expect, it } from 'vitest';
import { readPolicyFile } from '../../../model/policy-file.ts';
import { formatProblem } from '../../../model/problem.ts';
import { readGatewayPort } from '../../../policy/gateway/read-gateway.ts';
import { virtualHosts } from '../../../policy/gateway/virtual-hosts.ts';
import { routingWorld } from '../../../policy/routes/compile-routes.ts';
import { kubernetesService, type RouteService } from '../../../policy/routes/route-services.ts';

function service(name: string, ...ports: number[]): RouteService {
  return kubernetesService({
    host: `${name}.shop.svc.cluster.local`,
    namespace: 'shop',
    addresses: [],
    ports: ports.map((port) => ({ name: `http-${port}`, port, targetPort: port, protocol: 'http' })),
    subjectAltNames: [],
    endpoints: [],
  });
}

const SERVICES = [service('one', 8080), service('two', 80, 9090)];
const GATEWAY = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: in, namespace: shop }
spec: { servers: [{ port: { number: 443, name: h, protocol: HTTP }, hosts: ["*"] }] }
---
`;

/** The action of the one route to `destination`. */
function action(destination: string, more = '') {
  const text = `${GATEWAY}apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: v, namespace: shop }
spec: { hosts: ["*"], gateways: [in], http: [{ route: [{ destination: ${destination} }] }] }
${more}`;
  const { objects, problems } = readPolicyFile(text, 'p.yaml', { namespace: 'shop', ignore: [] });
  expect(problems.map(formatProblem)).toEqual([]);
  const world = routingWorld(objects, SERVICES, {
    rootNamespace: 'istio-system',
    outboundTrafficPolicy: 'REGISTRY_ONLY',
    grpcRoutes: 'applied',
  });
  const at = readGatewayPort(objects, { namespace: 'edge', labels: {} }, 443, world);
  if (typeof at === 'string') throw new Error(at);
  const found = virtualHosts(at, at.http)[0]?.routes[0]?.action;
  if (found?.kind !== 'forward') throw new Error('the route leads nowhere');
  return found;
}

const clusterOf = (destination: string): string | undefined => action(destination).destinations[0]?.cluster;

describe('a destination without a port', () => {
  it.each([
    ['unknown, has the gateway’s', '{ host: nobody }', 'outbound|443||nobody.shop.svc.cluster.local'],
    ['with several, has the gateway’s', '{ host: two }', 'outbound|443||two.shop.svc.cluster.local'],
    ['with one only, has that', '{ host: one }', 'outbound|8080||one.shop.svc.cluster.local'],
    [
      'with one only, has that in a subset',
      '{ host: one, subset: v1 }',
      'outbound|8080|v1|one.shop.svc.cluster.local',
    ],
  ])('whose service is %s', (_what, destination, cluster) => {
    expect(clusterOf(destination)).toBe(cluster);
  });

  it('keeps the port that it names', () => {
    expect(clusterOf('{ host: one, port: { number: 9 } }')).toBe('outbound|9||one.shop.svc.cluster.local');
  });
});

describe('a consistent hash', () => {
  it('is that of the DestinationRule of the service', () => {
    const rule = `---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: d, namespace: shop }
spec: { host: one, trafficPolicy: { loadBalancer: { consistentHash: { httpHeaderName: x-user } } } }
`;
    expect(action('{ host: one }').hash).toBeNull();
    expect(action('{ host: one }', rule).hash).toEqual({ kind: 'header', name: 'x-user' });
    expect(action('{ host: two }', rule).hash).toBeNull();
  });
});
