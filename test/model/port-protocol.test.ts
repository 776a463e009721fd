import { expect, it } from 'vitest';
import { portProtocol } from '../../model/port-protocol.ts';

it.each([
  [{ name: 'http', port: 80 }, 'http'],
  [{ name: 'HTTP-api', port: 80 }, 'http'],
  [{ name: 'http2-x', port: 80 }, 'http2'],
  [{ name: 'grpc-x', port: 80 }, 'grpc'],
  [{ name: 'https', port: 443 }, 'tls'],
  [{ name: 'mysql', port: 1 }, 'tcp'],
  [{ name: 'tcp-x', appProtocol: 'http', port: 80 }, 'http'],
  [{ name: 'api', appProtocol: 'kubernetes.io/h2c', port: 80 }, 'http2'],
  [{ name: 'constructor', port: 80 }, 'undeclared auto'],
  [{ name: 'httpapi', port: 80 }, 'undeclared auto'],
  [{ port: 80 }, 'undeclared auto'],
  [{ port: 3306 }, 'undeclared tcp'],
  [{ name: 'udp-dns', port: 53 }, 'unsupported'],
  [{ name: 'grpc-web-x', port: 80 }, 'unsupported'],
])('%j is %s', (port, expected) => {
  const found = portProtocol(port);
  const text =
    found.kind === 'declared'
      ? found.protocol
      : `${found.kind}${found.kind === 'undeclared' ? ` ${found.protocol}` : ''}`;
  expect(text).toBe(expected);
});
