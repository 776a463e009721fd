/** What the gate says of a certificate it refuses: the reason, and the sentence that a person reads. */
import { describe, expect, it } from 'vitest';
import { type GateRules, judgeCertificate, type PeerCertificate } from '../../wire/certificate-gate.ts';
import { EKU, peerCertificate, WEB } from '../support/peer-certificate.ts';

const CART = 'spiffe://cluster.local/ns/shop/sa/cart';

interface Change {
  facts?: Partial<PeerCertificate['facts']>;
  chain?: Partial<PeerCertificate['chain']>;
  peer?: Partial<PeerCertificate>;
  rules?: Partial<GateRules>;
}

/** A certificate that nothing speaks against but the change. */
function judged({ facts, chain, peer, rules }: Change): string {
  const verdict = judgeCertificate(peerCertificate({ names: [], facts, chain, ...peer }), gate(rules));
  return verdict.ok ? `ok ${verdict.spiffeId}` : `${verdict.reason}: ${verdict.message}`;
}

function gate(more: Partial<GateRules> = {}): GateRules {
  return {
    profile: 'istio',
    trustDomain: 'cluster.local',
    trustDomainAliases: ['old.example'],
    nowMs: 5_000,
    role: 'client',
    ...more,
  };
}

const SVID = { profile: 'spiffe' } as const;
const UNKNOWN = 'unknown-authority: no current root of the mesh signed the certificate of';

describe('a refusal names the fault and whose certificate it is', () => {
  it.each(['client', 'server'] as const)('a %s without a certificate', (role) => {
    expect(judgeCertificate(null, gate({ role }))).toEqual({
      ok: false,
      reason: 'no-certificate',
      message: `the ${role} presented no certificate`,
    });
  });

  it.each<[string, Change, string]>([
    [
      'its own signer',
      { chain: { reachesRoot: false, selfSigned: true } },
      `self-signed: the certificate of ${WEB} is signed by its own key`,
    ],
    ['a signer nobody knows', { chain: { reachesRoot: false } }, `${UNKNOWN} ${WEB}`],
    [
      'a signer nobody knows, and only a subject',
      { chain: { reachesRoot: false }, facts: { uriSans: [] } },
      `${UNKNOWN} CN=web`,
    ],
    [
      'a signer nobody knows, and no name at all',
      { chain: { reachesRoot: false }, facts: { uriSans: [], subject: '' } },
      `${UNKNOWN} a nameless peer`,
    ],
    [
      'extensions in doubt',
      { peer: { readable: false } },
      'malformed-certificate: the certificate has extensions that cannot be read without a doubt',
    ],
    [
      'an end that has passed',
      { rules: { nowMs: 9_001 } },
      `expired: the certificate of ${WEB} was valid until 1970-01-01T00:00:09.000Z`,
    ],
    [
      'an end that is no time',
      { facts: { notAfter: Number.NaN } },
      `expired: the certificate of ${WEB} was valid until an unreadable time`,
    ],
    [
      'an end that has passed by the wall clock alone',
      { chain: { error: 'CERT_HAS_EXPIRED' } },
      `expired: the certificate of ${WEB} was valid until 1970-01-01T00:00:09.000Z`,
    ],
    [
      'a beginning to come',
      { rules: { nowMs: 999 } },
      `not-yet-valid: the certificate of ${WEB} is valid from 1970-01-01T00:00:01.000Z`,
    ],
    [
      'a beginning to come by the wall clock alone',
      { chain: { error: 'CERT_NOT_YET_VALID' } },
      `not-yet-valid: the certificate of ${WEB} is valid from 1970-01-01T00:00:01.000Z`,
    ],
    [
      'a purpose of servers',
      { peer: { extendedKeyUsage: [EKU.server] } },
      `server-auth-only: the certificate of ${WEB} is not for clients`,
    ],
    [
      'a purpose of clients',
      { peer: { extendedKeyUsage: [EKU.client] }, rules: { role: 'server' } },
      `client-auth-only: the certificate of ${WEB} is not for servers`,
    ],
    [
      'a key that OpenSSL finds too small',
      { chain: { error: 'EE_KEY_TOO_SMALL' }, facts: { keyType: 'rsa', keyBits: 512 } },
      `weak-key: the key of ${WEB} has only 512 bits`,
    ],
    [
      'any other objection of OpenSSL',
      { chain: { error: 'INVALID_CA' } },
      `chain-refused: OpenSSL refuses the chain of ${WEB}: INVALID_CA`,
    ],
    [
      'no SPIFFE id',
      { facts: { uriSans: [] } },
      'no-spiffe-id: the certificate has no SPIFFE id (no URI SAN with spiffe://)',
    ],
    [
      'ids of other trust domains',
      { facts: { uriSans: ['spiffe://a/x', 'spiffe://b/x'] } },
      'foreign-trust-domain: spiffe://a/x, spiffe://b/x is of another trust domain than cluster.local, old.example',
    ],
    [
      'an id that is not the expected one',
      { rules: { expectedSpiffeIds: [CART, 'spiffe://x/y'] } },
      `unexpected-identity: ${WEB} answered, expected was ${CART} or spiffe://x/y`,
    ],
    [
      'an id where nobody is expected',
      { rules: { expectedSpiffeIds: [] } },
      `unexpected-identity: ${WEB} answered, expected was nobody`,
    ],
  ])('%s', (_, change, said) => {
    expect(judged(change)).toBe(said);
  });
});

describe('the spiffe profile refuses what the istio profile takes', () => {
  it.each<[string, Change, string]>([
    [
      'two URI SANs',
      { facts: { uriSans: [WEB, CART] } },
      'several-uri-sans: the certificate has 2 URI SANs, an SVID has one',
    ],
    [
      'an empty segment of the path',
      { facts: { uriSans: ['spiffe://cluster.local/ns//sa/web'] } },
      'invalid-spiffe-id: not a SPIFFE id (path-empty-segment)',
    ],
    [
      'a CA',
      { peer: { ca: true } },
      "ca-certificate: the certificate may sign others (CA:TRUE), a workload's may not",
    ],
    [
      'a key that may sign',
      { peer: { keyCertSign: true } },
      "signing-certificate: the key usage has keyCertSign, a workload's may not",
    ],
    [
      'no extended key usage',
      { peer: { extendedKeyUsage: null } },
      'no-extended-key-usage: the certificate does not say what it is for',
    ],
    [
      'an RSA key of 2047 bits',
      { facts: { keyType: 'rsa', keyBits: 2047 } },
      `weak-key: the key of ${WEB} has only 2047 bits`,
    ],
  ])('%s', (_, change, said) => {
    expect(judged(change)).toMatch(/^ok /);
    expect(judged({ ...change, rules: SVID })).toBe(said);
  });

  it('but a trust domain in upper case is a foreign one in both', () => {
    const facts = { uriSans: ['spiffe://CLUSTER.LOCAL/ns/shop/sa/web'] };
    expect(judged({ facts })).toMatch(/^foreign-trust-domain: /);
    expect(judged({ facts, rules: SVID })).toMatch(/^foreign-trust-domain: /);
  });

  it('and an RSA key of 2048 bits is strong enough, as are the 256 bits of an elliptic curve', () => {
    expect(judged({ facts: { keyType: 'rsa', keyBits: 2048 }, rules: SVID })).toBe(`ok ${WEB}`);
    expect(judged({ rules: SVID })).toBe(`ok ${WEB}`);
  });
});
