import { expect, it } from 'vitest';
import { findingsOf } from '../../wire/certificate-findings.ts';
import type { PeerCertificate } from '../../wire/certificate-gate.ts';
import { peerCertificate, WEB } from '../support/peer-certificate.ts';

const STRONG = peerCertificate({ facts: { keyType: 'rsa', keyBits: 2048 }, extendedKeyUsage: [] });
const FACTS = STRONG.facts;

it.each<[string, Partial<PeerCertificate>, string]>([
  [
    'two URI SANs',
    { facts: { ...FACTS, uriSans: [WEB, 'spiffe://cluster.local/x'] } },
    `M7 The certificate has 2 URI SANs (${WEB}, spiffe://cluster.local/x); Envoy accepts it, and policies match any of them.`,
  ],
  [
    'a CA',
    { ca: true },
    'M9 The certificate is a CA (CA:TRUE): its holder can issue identities of the whole mesh.',
  ],
  [
    'a key that may sign',
    { keyCertSign: true },
    'M9 The key usage of the certificate has keyCertSign, which only an authority needs.',
  ],
  [
    'an RSA key of 2047 bits',
    { facts: { ...FACTS, keyBits: 2047 } },
    'M13 The RSA key has 2047 bits; it can be factored, and then anybody is this workload.',
  ],
  [
    'no extended key usage',
    { extendedKeyUsage: null },
    'M8 The certificate has no extended key usage, so it serves for every purpose; the SPIFFE standard allows that as well.',
  ],
])('%s is one finding, which says what is wrong and why it matters', (_, change, said) => {
  const found = findingsOf({ ...STRONG, ...change });
  expect(found.map(({ attack, message }) => `${attack} ${message}`)).toEqual([said]);
});

it('an RSA key of 2048 bits and an elliptic curve of 256 are no finding', () => {
  expect(findingsOf(STRONG)).toEqual([]);
  expect(findingsOf({ ...STRONG, facts: { ...FACTS, keyType: 'ec', keyBits: 256 } })).toEqual([]);
});
