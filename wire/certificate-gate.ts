/**
 * The certificate gate: whether a peer's certificate opens the door, as a pure function of facts. It judges what
 * TLS libraries leave open: the identity, its trust domain, the session's own time, and secure naming. It never
 * makes good what OpenSSL refused.
 *
 * Two profiles: `istio` accepts what Istio's Envoy accepts and attaches a finding to every hole; `spiffe` refuses
 * all that the X.509-SVID standard forbids.
 */
import type { Finding } from '../model/decision.ts';
import { parseSpiffeId } from '../model/spiffe-id.ts';
import type { CertificateFacts } from '../model/traffic-event.ts';
import { findingsOf } from './certificate-findings.ts';

/** Stable: scenarios, reports and dashboards name them. */
export type CertificateReason =
  | 'no-certificate'
  | 'malformed-certificate'
  | 'unknown-authority'
  | 'self-signed'
  | 'expired'
  | 'not-yet-valid'
  | 'server-auth-only'
  | 'client-auth-only'
  | 'weak-key'
  | 'chain-refused'
  | 'no-spiffe-id'
  | 'foreign-trust-domain'
  | 'unexpected-identity'
  | 'several-uri-sans'
  | 'invalid-spiffe-id'
  | 'ca-certificate'
  | 'signing-certificate'
  | 'no-extended-key-usage';

/** A peer's certificate as the gate sees it. */
export interface PeerCertificate {
  facts: CertificateFacts;
  chain: ChainResult;
  /** SANs of every kind, in order; none of a certificate that isn't readable. */
  names: readonly string[];
  /** The extensions could be read without a doubt. When false, the three fields below mean nothing. */
  readable: boolean;
  ca: boolean;
  keyCertSign: boolean;
  /** OIDs; null = no such extension, fit for every purpose. */
  extendedKeyUsage: readonly string[] | null;
}

/** What OpenSSL said of the chain against the current roots, by the wall clock. */
export interface ChainResult {
  /** OpenSSL's code, e.g. `CERT_HAS_EXPIRED`; null = verified. */
  error: string | null;
  /** A signature path leads to one of the current roots; tells which of several faults is named. */
  reachesRoot: boolean;
  selfSigned: boolean;
}

export interface GateRules {
  profile: 'istio' | 'spiffe';
  trustDomain: string;
  trustDomainAliases: readonly string[];
  /** By the session's clock. */
  nowMs: number;
  /** Who presents it: a client may not come with a certificate for servers only, nor the other way round. */
  role: 'client' | 'server';
  /** Secure naming: one of these it must be; absent = anybody of the trust domain. */
  expectedSpiffeIds?: readonly string[];
}

export type GateVerdict =
  | {
      ok: true;
      /** The identity: the first URI SAN of an accepted trust domain. */
      spiffeId: string;
      findings: Finding[];
    }
  | { ok: false; reason: CertificateReason; message: string };

const EKU = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2', any: '2.5.29.37.0' } as const;
/** SPIFFE and NIST SP 800-57: below this an RSA key is no key. */
const MIN_RSA_BITS = 2048;

/** Judges one certificate; null = the peer presented none. */
export function judgeCertificate(peer: PeerCertificate | null, rules: GateRules): GateVerdict {
  if (peer === null) return refuse('no-certificate', `the ${rules.role} presented no certificate`);
  return judgeAuthority(peer, rules) ?? judgeIdentity(peer, rules);
}

/** Judges all but who it is: at a gateway the authority alone counts. null = nothing speaks against it. */
export function judgeAuthority(peer: PeerCertificate, rules: GateRules): GateVerdict | null {
  return judgeChain(peer) ?? judgeTime(peer, rules) ?? judgePurpose(peer, rules);
}

function judgeChain({ chain, facts, readable }: PeerCertificate): GateVerdict | null {
  if (!chain.reachesRoot) {
    return chain.selfSigned
      ? refuse('self-signed', `the certificate of ${nameOf(facts)} is signed by its own key`)
      : refuse('unknown-authority', `no current root of the mesh signed the certificate of ${nameOf(facts)}`);
  }
  return readable
    ? null
    : refuse('malformed-certificate', 'the certificate has extensions that cannot be read without a doubt');
}

/** OpenSSL judged by the wall clock; both times must hold, so that neither clock opens what the other closes. */
function judgeTime({ facts, chain }: PeerCertificate, { nowMs }: GateRules): GateVerdict | null {
  // Written so that an unreadable time (NaN) is outside.
  if (!(nowMs <= facts.notAfter) || chain.error === 'CERT_HAS_EXPIRED') {
    return refuse(
      'expired',
      `the certificate of ${nameOf(facts)} was valid until ${isoTime(facts.notAfter)}`,
    );
  }
  if (!(nowMs >= facts.notBefore) || chain.error === 'CERT_NOT_YET_VALID') {
    return refuse(
      'not-yet-valid',
      `the certificate of ${nameOf(facts)} is valid from ${isoTime(facts.notBefore)}`,
    );
  }
  return null;
}

function judgePurpose(peer: PeerCertificate, { role, profile }: GateRules): GateVerdict | null {
  const { facts, chain, extendedKeyUsage } = peer;
  if (
    extendedKeyUsage !== null &&
    !extendedKeyUsage.includes(EKU[role]) &&
    !extendedKeyUsage.includes(EKU.any)
  ) {
    return role === 'client'
      ? refuse('server-auth-only', `the certificate of ${nameOf(facts)} is not for clients`)
      : refuse('client-auth-only', `the certificate of ${nameOf(facts)} is not for servers`);
  }
  const weak = facts.keyType === 'rsa' && facts.keyBits < MIN_RSA_BITS;
  if (chain.error === 'EE_KEY_TOO_SMALL' || (weak && profile === 'spiffe')) {
    return refuse('weak-key', `the key of ${nameOf(facts)} has only ${facts.keyBits} bits`);
  }
  // Last, because it is the least telling; but whatever OpenSSL didn't like is refused.
  if (chain.error !== null)
    return refuse('chain-refused', `OpenSSL refuses the chain of ${nameOf(facts)}: ${chain.error}`);
  return null;
}

function judgeIdentity(peer: PeerCertificate, rules: GateRules): GateVerdict {
  const { facts } = peer;
  const spiffeSans = facts.uriSans.filter((uri) => uri.toLowerCase().startsWith('spiffe://'));
  if (spiffeSans.length === 0)
    return refuse('no-spiffe-id', 'the certificate has no SPIFFE id (no URI SAN with spiffe://)');
  if (rules.profile === 'spiffe') {
    const refused = judgeSvid(peer);
    if (refused) return refused;
  }
  // Secure naming is Envoy's exact list of names and asks for nothing else, as a DestinationRule may name a foreign one.
  const wanted = rules.expectedSpiffeIds;
  const named = wanted && facts.uriSans.find((uri) => wanted.includes(uri));
  if (named !== undefined) return { ok: true, spiffeId: named, findings: findingsOf(peer) };
  // Istio's own form of the check: a literal prefix, so upper case is another domain.
  const domains = [rules.trustDomain, ...rules.trustDomainAliases];
  const spiffeId = facts.uriSans.find((uri) =>
    domains.some((domain) => uri.startsWith(`spiffe://${domain}/`)),
  );
  if (spiffeId === undefined) {
    return refuse(
      'foreign-trust-domain',
      `${facts.uriSans.join(', ')} is of another trust domain than ${domains.join(', ')}`,
    );
  }
  if (wanted) {
    return refuse(
      'unexpected-identity',
      `${spiffeId} answered, expected was ${wanted.join(' or ') || 'nobody'}`,
    );
  }
  return { ok: true, spiffeId, findings: findingsOf(peer) };
}

/** X.509-SVID: exactly one URI SAN, a valid id with a path, and a leaf that can't sign. */
function judgeSvid({ facts, ca, keyCertSign, extendedKeyUsage }: PeerCertificate): GateVerdict | null {
  if (facts.uriSans.length !== 1)
    return refuse(
      'several-uri-sans',
      `the certificate has ${facts.uriSans.length} URI SANs, an SVID has one`,
    );
  const parsed = parseSpiffeId(facts.uriSans[0] ?? '');
  // An upper-case trust domain is reported as what Istio would call it.
  if (!parsed.ok && parsed.fault !== 'trust-domain-characters')
    return refuse('invalid-spiffe-id', `not a SPIFFE id (${parsed.fault})`);
  if (ca) return refuse('ca-certificate', "the certificate may sign others (CA:TRUE), a workload's may not");
  if (keyCertSign)
    return refuse('signing-certificate', "the key usage has keyCertSign, a workload's may not");
  // The standard says SHOULD; this profile is for those who want all that it asks.
  if (extendedKeyUsage === null)
    return refuse('no-extended-key-usage', 'the certificate does not say what it is for');
  return null;
}

function nameOf({ uriSans, subject }: CertificateFacts): string {
  return uriSans[0] ?? (subject || 'a nameless peer');
}

function isoTime(ms: number): string {
  return Number.isFinite(ms) ? new Date(ms).toISOString() : 'an unreadable time';
}

function refuse(reason: CertificateReason, message: string): GateVerdict {
  return { ok: false, reason, message };
}
