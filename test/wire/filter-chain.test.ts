import { describe, expect, it } from 'vitest';
import { chooseFilterChain, ISTIO_ALPN, type FilterChainQuestion } from '../../wire/filter-chain.ts';

const tls = (...alpn: string[]): FilterChainQuestion['hello'] => ({ sni: 'a', alpn });

/** Oracle, SURPRISES 37 to 39. */
const TABLE: [
  mode: FilterChainQuestion['mode'],
  protocol: 'http' | 'tcp',
  hello: FilterChainQuestion['hello'],
  result: string,
][] = [
  ['STRICT', 'http', 'plaintext', 'plaintext-on-strict'],
  ['STRICT', 'tcp', 'plaintext', 'plaintext-on-strict'],
  ['STRICT', 'http', tls('http/1.1'), 'mtls'],
  ['STRICT', 'http', tls(), 'mtls'],
  ['STRICT', 'tcp', tls('postgresql'), 'mtls'],
  ['PERMISSIVE', 'http', tls('http/1.1'), 'tls-without-istio-alpn'],
  ['PERMISSIVE', 'http', tls(), 'tls-without-istio-alpn'],
  ['PERMISSIVE', 'http', tls('ISTIO'), 'tls-without-istio-alpn'],
  ['PERMISSIVE', 'http', tls('istio-'), 'tls-without-istio-alpn'],
  ['PERMISSIVE', 'http', tls('http/1.1', 'istio'), 'mtls'],
  ['PERMISSIVE', 'http', 'plaintext', 'plaintext'],
  ['PERMISSIVE', 'tcp', 'plaintext', 'plaintext'],
  ['PERMISSIVE', 'tcp', tls('http/1.1'), 'tls-passthrough'],
  ['PERMISSIVE', 'tcp', tls('istio-peer-exchange', 'istio'), 'mtls'],
  ['DISABLE', 'http', 'plaintext', 'plaintext'],
  ['DISABLE', 'http', tls('istio'), 'plaintext'],
  ['DISABLE', 'tcp', tls('istio'), 'tls-passthrough'],
  ['DISABLE', 'tcp', 'plaintext', 'plaintext'],
];

describe('filter chains', () => {
  for (const [mode, protocol, hello, result] of TABLE) {
    const what = hello === 'plaintext' ? 'plaintext' : `TLS with ALPN [${hello.alpn.join(', ')}]`;
    it(`${mode} ${protocol}: ${what} is ${result}`, () => {
      const chain = chooseFilterChain({ mode, protocol, hello });
      expect(chain.kind === 'refuse' ? chain.reason : chain.kind).toBe(result);
      if (chain.kind === 'refuse') expect(chain.details).toBe('filter_chain_not_found');
    });
  }

  it("takes each of Istio's five ALPN names for mutual TLS on a PERMISSIVE port", () => {
    expect(ISTIO_ALPN.size).toBe(5);
    for (const name of ISTIO_ALPN) {
      expect(chooseFilterChain({ mode: 'PERMISSIVE', protocol: 'http', hello: tls(name) })).toEqual({
        kind: 'mtls',
      });
    }
  });
});
