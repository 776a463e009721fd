import { describe, expect, it } from 'vitest';
import { judgeCertificate, type GateRules, type PeerCertificate } from '../../wire/certificate-gate.ts';
import { EKU, peerCertificate, WEB } from '../support/peer-certificate.ts';

const rules: GateRules = {
  profile: 'istio',
  trustDomain: 'cluster.local',
  trustDomainAliases: [],
  nowMs: 5_000,
  role: 'client',
};

const GOOD = peerCertificate();

const withFacts = (facts: Partial<PeerCertificate['facts']>): PeerCertificate => peerCertificate({ facts });
const reasonOf = (peer: PeerCertificate | null, more: Partial<GateRules> = {}): string => {
  const verdict = judgeCertificate(peer, { ...rules, ...more });
  return verdict.ok ? `ok ${verdict.spiffeId}` : verdict.reason;
};

describe('certificate gate', () => {
  it('refuses whatever OpenSSL refused, under any code and in any profile', () => {
    for (const error of [
      'CERT_HAS_EXPIRED',
      'CERT_NOT_YET_VALID',
      'INVALID_PURPOSE',
      'EE_KEY_TOO_SMALL',
      'UNVERIFIED',
      'something new',
    ]) {
      for (const profile of ['istio', 'spiffe'] as const) {
        expect(
          judgeCertificate({ ...GOOD, chain: { ...GOOD.chain, error } }, { ...rules, profile }).ok,
          error,
        ).toBe(false);
      }
    }
  });

  it('refuses a chain that reaches no root even if OpenSSL had no objection', () => {
    expect(reasonOf({ ...GOOD, chain: { error: null, reachesRoot: false, selfSigned: false } })).toBe(
      'unknown-authority',
    );
  });

  it('refuses a certificate whose validity is no time', () => {
    expect(reasonOf(withFacts({ notAfter: Number.NaN }))).toBe('expired');
    expect(reasonOf(withFacts({ notBefore: Number.NaN }))).toBe('not-yet-valid');
  });

  it('counts the first and the last moment of validity in, and nothing beyond', () => {
    expect([999, 1_000, 9_000, 9_001].map((nowMs) => reasonOf(GOOD, { nowMs }))).toEqual([
      'not-yet-valid',
      `ok ${WEB}`,
      `ok ${WEB}`,
      'expired',
    ]);
  });

  it('refuses what cannot be read without a doubt', () => {
    expect(reasonOf({ ...GOOD, readable: false })).toBe('malformed-certificate');
  });

  it('refuses a trust domain that only begins like ours, and one in upper case', () => {
    for (const uri of [
      'spiffe://cluster.local.evil/ns/shop/sa/web',
      'spiffe://cluster.localx/a',
      'spiffe://CLUSTER.LOCAL/ns/shop/sa/web',
      'spiffe://cluster.local',
      'SPIFFE://cluster.local/ns/shop/sa/web',
    ]) {
      expect(reasonOf(withFacts({ uriSans: [uri] })), uri).toBe('foreign-trust-domain');
    }
  });

  it('refuses a certificate with no URI, or with URIs that are no SPIFFE ids', () => {
    expect(reasonOf(withFacts({ uriSans: [] }))).toBe('no-spiffe-id');
    expect(reasonOf(withFacts({ uriSans: ['https://cluster.local/ns/shop/sa/web'] }))).toBe('no-spiffe-id');
  });

  it('refuses a client with a certificate for servers, and a server with one for clients', () => {
    expect(reasonOf({ ...GOOD, extendedKeyUsage: [EKU.server] })).toBe('server-auth-only');
    expect(reasonOf({ ...GOOD, extendedKeyUsage: [EKU.client] }, { role: 'server' })).toBe(
      'client-auth-only',
    );
    expect(reasonOf({ ...GOOD, extendedKeyUsage: ['2.5.29.37.0'] })).toBe(`ok ${WEB}`);
  });

  it('refuses a server whose identity is not one of the expected, and expects nobody of an empty list', () => {
    expect(
      reasonOf(GOOD, { role: 'server', expectedSpiffeIds: ['spiffe://cluster.local/ns/shop/sa/orders'] }),
    ).toBe('unexpected-identity');
    expect(reasonOf(GOOD, { role: 'server', expectedSpiffeIds: [] })).toBe('unexpected-identity');
    expect(
      reasonOf(GOOD, {
        role: 'server',
        expectedSpiffeIds: ['spiffe://cluster.local/ns/shop/sa/orders', WEB],
      }),
    ).toBe(`ok ${WEB}`);
  });

  it('accepts a server of another trust domain only under the very name that is expected', () => {
    const foreign = 'spiffe://foreign.example/ns/shop/sa/web';
    const server = withFacts({ uriSans: [foreign] });
    expect(reasonOf(server, { role: 'server', expectedSpiffeIds: [WEB] })).toBe('foreign-trust-domain');
    expect(reasonOf(server, { role: 'server' })).toBe('foreign-trust-domain');
    expect(reasonOf(server, { role: 'server', expectedSpiffeIds: [foreign] })).toBe(`ok ${foreign}`);
  });

  it('accepts an alias, and says the identity as it was presented', () => {
    const old = 'spiffe://old.example/ns/shop/sa/web';
    expect(reasonOf(withFacts({ uriSans: [old] }), { trustDomainAliases: ['old.example'] })).toBe(
      `ok ${old}`,
    );
  });

  it('refuses by the spiffe profile an id with a dot segment, which Istio takes', () => {
    const odd = withFacts({ uriSans: ['spiffe://cluster.local/ns/shop/../sa/web'] });
    expect(reasonOf(odd)).toMatch(/^ok/);
    expect(reasonOf(odd, { profile: 'spiffe' })).toBe('invalid-spiffe-id');
  });

  it('gives every finding a remedy and its row of the attack catalogue', () => {
    const worst = {
      ...withFacts({ uriSans: [WEB, 'spiffe://cluster.local/x'], keyType: 'rsa', keyBits: 1024 }),
      ca: true,
      keyCertSign: true,
      extendedKeyUsage: null,
    };
    const verdict = judgeCertificate(worst, rules);
    if (!verdict.ok) throw new Error(verdict.message);
    expect(verdict.findings.map(({ attack }) => attack)).toEqual(['M7', 'M9', 'M9', 'M13', 'M8']);
    for (const { code, remedy } of verdict.findings)
      expect([code, remedy.length > 20]).toEqual(['istio-allows', true]);
  });

  it('finds nothing in a good certificate', () => {
    expect(judgeCertificate(GOOD, rules)).toEqual({ ok: true, spiffeId: WEB, findings: [] });
    expect(judgeCertificate(GOOD, { ...rules, profile: 'spiffe' })).toEqual({
      ok: true,
      spiffeId: WEB,
      findings: [],
    });
  });
});
