import { describe, expect, it } from 'vitest';
import type { RouteServiceEndpoint } from '../../../policy/routes/route-services.ts';
import { cluster, object, REVIEWS, service, told } from '../../support/routing.ts';

const endpoint = (over: Partial<RouteServiceEndpoint> = {}): RouteServiceEndpoint => ({
  address: '10.1.0.1',
  ports: {},
  labels: {},
  weight: 1,
  meshed: true,
  instance: null,
  ...over,
});

describe('clusters', () => {
  it('are one a service, port and subset', () => {
    const ports = [80, 81].map((port) => ({
      name: `p${port}`,
      port,
      targetPort: port,
      protocol: 'http' as const,
    }));
    const rule = object('DestinationRule', { host: 'reviews', subsets: [{ name: 'v1' }, { name: 'v2' }] });
    const { clusters } = told([rule], { services: [service(REVIEWS, { ports })] });
    expect(Object.keys(clusters).sort()).toEqual([
      `outbound|80|v1|${REVIEWS}`,
      `outbound|80|v2|${REVIEWS}`,
      `outbound|80||${REVIEWS}`,
      `outbound|81|v1|${REVIEWS}`,
      `outbound|81|v2|${REVIEWS}`,
      `outbound|81||${REVIEWS}`,
    ]);
    for (const [name, one] of Object.entries(clusters)) {
      expect(one.name).toBe(name);
      expect(one.host).toBe(REVIEWS);
    }
    expect(clusters[`outbound|81|v2|${REVIEWS}`]).toMatchObject({ subset: 'v2', port: 81 });
  });

  it.each([
    ['http', 'http1'],
    ['http2', 'http2'],
    ['grpc', 'http2'],
    ['tcp', 'tcp'],
    ['tls', 'tcp'],
  ] as const)('of a port of %s speak %s', (protocol, spoken) => {
    const services = [service(REVIEWS, { ports: [{ name: 'p', port: 80, targetPort: 80, protocol }] })];
    expect(cluster({}, { services }).protocol).toBe(spoken);
    const upgrade = { trafficPolicy: { connectionPool: { http: { h2UpgradePolicy: 'UPGRADE' } } } };
    expect(cluster(upgrade, { services }).protocol).toBe(protocol === 'http' ? 'http2' : spoken);
  });

  it('are upgraded where the policy says so only', () => {
    for (const h2UpgradePolicy of ['DEFAULT', 'DO_NOT_UPGRADE'])
      expect(cluster({ trafficPolicy: { connectionPool: { http: { h2UpgradePolicy } } } }).protocol).toBe(
        'http1',
      );
    expect(cluster({ trafficPolicy: { connectionPool: { tcp: {} } } }).protocol).toBe('http1');
  });

  it('of a service without addresses of its own go to that of the connection', () => {
    const services = [service(REVIEWS, { resolution: 'none' })];
    expect(cluster({}, { services }).discovery).toBe('original-destination');
  });

  it('have the endpoints that a subset’s labels fit, at the port’s target', () => {
    const endpoints = [
      endpoint({ address: '10.1.0.1', labels: { version: 'v1', zone: 'a' }, weight: 3, instance: 'one' }),
      endpoint({
        address: '10.1.0.2',
        labels: { version: 'v1', zone: 'b' },
        ports: { http: 9_090, other: 1 },
      }),
      endpoint({ address: '10.1.0.3', labels: { version: 'v2' }, meshed: false }),
    ];
    const services = [service(REVIEWS, { endpoints })];
    const rule = {
      subsets: [
        { name: 'v1', labels: { version: 'v1' } },
        { name: 'v1a', labels: { version: 'v1', zone: 'a' } },
        { name: 'none', labels: { version: 'v3' } },
      ],
    };
    const hosts = (subset: string) => cluster(rule, { services, subset }).endpoints.map(({ host }) => host);
    expect(hosts('')).toEqual(['10.1.0.1', '10.1.0.2', '10.1.0.3']);
    expect(hosts('v1')).toEqual(['10.1.0.1', '10.1.0.2']);
    expect(hosts('v1a')).toEqual(['10.1.0.1']);
    expect(hosts('none')).toEqual([]);
    expect(cluster(rule, { services }).endpoints).toEqual([
      { host: '10.1.0.1', port: 8_080, weight: 3, meshed: true, instance: 'one' },
      { host: '10.1.0.2', port: 9_090, weight: 1, meshed: true, instance: null },
      { host: '10.1.0.3', port: 8_080, weight: 1, meshed: false, instance: null },
    ]);
  });

  it('know the ports at which a sidecar takes no mutual TLS', () => {
    const services = [
      service(REVIEWS, {
        endpoints: [endpoint({ plaintextPorts: [8_080] }), endpoint({ plaintextPorts: [80] })],
      }),
    ];
    expect(cluster({}, { services }).endpoints.map(({ meshed }) => meshed)).toEqual([false, true]);
  });
});
