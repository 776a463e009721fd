/** Chains of an undeclared port, as Istio 1.31 generates them and Envoy 1.40 chooses. */
import { describe, expect, it } from 'vitest';
import { inspectFirstBytes } from '../../wire/http-inspector.ts';
import { sniffedAlpn, sniffedBytes } from '../../wire/sniffed-protocol.ts';

describe('a connection to an undeclared port', () => {
  it.each([
    [['istio-peer-exchange', 'istio'], 'tcp', 'tcp'],
    [['istio'], 'tcp', 'tcp'],
    [[], 'tcp', 'tcp'],
    [['h2', 'http/1.1'], 'tcp', 'tcp'],
    [['istio-http/1.1', 'istio', 'http/1.1'], 'http', 'http'],
    [['istio-h2', 'istio', 'h2'], 'http', 'http'],
    [['http/1.1', 'istio-http/1.0'], 'http', 'http'],
    // The first that a chain asks for.
    [['istio', 'istio-http/1.1'], 'tcp', 'http'],
  ] as const)(
    'with mutual TLS and ALPN %j is %s when PERMISSIVE, %s when STRICT',
    (alpn, permissive, strict) => {
      expect(sniffedAlpn('PERMISSIVE', alpn)).toBe(permissive);
      expect(sniffedAlpn('STRICT', alpn)).toBe(strict);
    },
  );

  it.each([
    ['\x16\x03\x01\x02\x00\x01', 'tcp'],
    ['HELO mail\r\n', 'tcp'],
    ['GET /x HTTP/1.0\r\n', 'tcp'],
    ['GET /x\r\n', 'tcp'],
    ['GET /x HTTP/1.1\r\n', 'http'],
    ['PRI * HTTP/2.0\r\n', 'http'],
  ])('in plaintext that begins with %j is %s', (text, protocol) => {
    const found = inspectFirstBytes(text);
    expect(found === 'need-more' ? found : sniffedBytes(found)).toBe(protocol);
  });
});
