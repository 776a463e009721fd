import { describe, expect, it } from 'vitest';
import {
  clientCertificatesAt,
  gatewayPorts,
  kindsAt,
  writtenGateways,
} from '../../../policy/gateway/gateway-ports.ts';
import { object, objects } from '../../support/routing.ts';

const INGRESS = { namespace: 'istio-system', labels: { istio: 'ingress', app: 'edge' } };
const server = (number: number, protocol: string, mode?: string) => ({
  port: { number, name: `p${number}`, protocol },
  hosts: ['*'],
  ...(mode && { tls: mode === 'ISTIO_MUTUAL' ? { mode } : { mode, credentialName: 'c' } }),
});
const gateway = (servers: object[], selector: object = { istio: 'ingress' }, name = 'one') =>
  object('Gateway', { selector, servers }, { name });

describe('the ports of a gateway', () => {
  it('are those of the servers that it is selected for, once each and rising', () => {
    const all = objects(
      gateway([server(443, 'HTTPS', 'SIMPLE'), server(80, 'HTTP')]),
      gateway([server(80, 'HTTP'), server(9_090, 'GRPC')], { istio: 'ingress', app: 'edge' }, 'two'),
      gateway([server(81, 'HTTP')], { istio: 'egress' }, 'three'),
    );
    expect(gatewayPorts(all, INGRESS)).toEqual([80, 443, 9_090]);
    expect(gatewayPorts(all, { ...INGRESS, labels: { istio: 'egress' } })).toEqual([81]);
    expect(gatewayPorts(all, { ...INGRESS, labels: {} })).toEqual([]);
    expect(
      writtenGateways(all).map(({ object: one, spec }) => [one.metadata.name, spec.servers?.length]),
    ).toEqual([
      ['one', 2],
      ['two', 2],
      ['three', 1],
    ]);
  });
});

describe('the kinds of a port', () => {
  it('are those of the servers that the gateway serves there', () => {
    const all = objects(
      gateway([server(443, 'HTTPS', 'SIMPLE'), server(80, 'HTTP')]),
      gateway([server(443, 'TLS', 'PASSTHROUGH')], { istio: 'ingress' }, 'two'),
      gateway([server(443, 'TCP')], { istio: 'egress' }, 'other'),
    );
    expect([...kindsAt(all, INGRESS, 443)]).toEqual(['https', 'passthrough']);
    expect([...kindsAt(all, INGRESS, 81)]).toEqual([]);
  });
});

describe('certificates of clients', () => {
  const at = (...servers: object[]) =>
    clientCertificatesAt(
      objects(...servers.map((one, index) => gateway([one], { istio: 'ingress' }, `g${index}`))),
      INGRESS,
      443,
    );

  it.each([
    [['MUTUAL'], 'STRICT'],
    [['ISTIO_MUTUAL'], 'STRICT'],
    [['MUTUAL', 'ISTIO_MUTUAL'], 'STRICT'],
    [['SIMPLE'], 'DISABLE'],
    [['SIMPLE', 'MUTUAL'], 'PERMISSIVE'],
    [['OPTIONAL_MUTUAL'], 'PERMISSIVE'],
    [['PASSTHROUGH'], 'DISABLE'],
  ])('where servers are %j: %s', (modes, wanted) => {
    expect(at(...modes.map((mode) => server(443, 'HTTPS', mode)))).toBe(wanted);
  });

  it('are asked for by nobody where HTTP is in plaintext, and servers of other ports and gateways say nothing', () => {
    expect(at(server(443, 'HTTP'))).toBe('DISABLE');
    expect(at(server(443, 'HTTPS', 'MUTUAL'), server(444, 'HTTPS', 'SIMPLE'))).toBe('STRICT');
    const other = objects(
      gateway([server(443, 'HTTPS', 'SIMPLE')]),
      gateway([server(443, 'HTTPS', 'MUTUAL')], { istio: 'egress' }, 'two'),
    );
    expect(clientCertificatesAt(other, INGRESS, 443)).toBe('DISABLE');
  });
});
