import { describe, expect, it } from 'vitest';
import { isTls, kindOfPort, serverKind } from '../../../policy/gateway/server-kind.ts';

const server = (protocol: string, mode?: string) => ({
  port: { protocol },
  ...(mode === undefined ? {} : { tls: mode === '' ? {} : { mode } }),
});

describe('a server that isn’t served', () => {
  it.each([
    ['MONGO', undefined],
    ['GRPC-WEB', undefined],
    ['HTTPS', undefined],
    ['TLS', undefined],
    ['TCP', 'SIMPLE'],
    ['TLS', 'AUTO_PASSTHROUGH'],
    ['HTTPS', 'AUTO_PASSTHROUGH'],
  ])('is one of %s with mode %s', (protocol, mode) => {
    expect(serverKind(server(protocol, mode))).toBeNull();
  });

  it('is one that says nothing', () => {
    expect([serverKind({}), serverKind({ port: {} })]).toEqual([null, null]);
  });
});

describe('a server', () => {
  it.each([
    ['HTTP', undefined, 'http', 'HTTP'],
    ['http2', undefined, 'http', 'HTTP'],
    ['GRPC', 'PASSTHROUGH', 'http', 'HTTP'],
    ['https', 'SIMPLE', 'https', 'TLS'],
    ['HTTPS', 'PASSTHROUGH', 'passthrough', 'TLS'],
    ['TLS', '', 'passthrough', 'TLS'],
    ['TLS', 'MUTUAL', 'tls', 'TLS'],
    ['TLS', 'ISTIO_MUTUAL', 'tls', 'TLS'],
    ['tcp', undefined, 'tcp', 'TCP'],
  ] as const)('of %s with mode %s is %s, and its port speaks %s', (protocol, mode, kind, port) => {
    expect(serverKind(server(protocol, mode))).toBe(kind);
    expect(kindOfPort(server(protocol, mode))).toBe(port);
    expect(isTls(kind)).toBe(port === 'TLS');
  });
});
