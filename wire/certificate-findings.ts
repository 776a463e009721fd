/**
 * What Istio's Envoy accepts in a certificate although a security engineer would not: each becomes a finding with
 * its row of the attack catalogue and its remedy. The verdict stands.
 */
import type { Finding } from '../model/decision.ts';
import type { PeerCertificate } from './certificate-gate.ts';

const STRONG_RSA_BITS = 2048;

/** Findings about a certificate that was accepted, in a fixed order. */
export function findingsOf(peer: PeerCertificate): Finding[] {
  const { facts, ca, keyCertSign, extendedKeyUsage } = peer;
  const findings: Finding[] = [];
  if (facts.uriSans.length > 1) {
    findings.push({
      code: 'istio-allows',
      attack: 'M7',
      message: `The certificate has ${facts.uriSans.length} URI SANs (${facts.uriSans.join(', ')}); Envoy accepts it, and policies match any of them.`,
      remedy: 'Let the issuer refuse requests with more than one URI SAN; an SVID has exactly one.',
    });
  }
  if (ca) {
    findings.push({
      code: 'istio-allows',
      attack: 'M9',
      message: 'The certificate is a CA (CA:TRUE): its holder can issue identities of the whole mesh.',
      remedy:
        'Let the issuer set CA:FALSE whatever a request asks for, and give its own certificate pathlen:0.',
    });
  }
  if (keyCertSign) {
    findings.push({
      code: 'istio-allows',
      attack: 'M9',
      message: 'The key usage of the certificate has keyCertSign, which only an authority needs.',
      remedy: 'Let the issuer fix the key usage to digitalSignature and keyEncipherment.',
    });
  }
  if (facts.keyType === 'rsa' && facts.keyBits < STRONG_RSA_BITS) {
    findings.push({
      code: 'istio-allows',
      attack: 'M13',
      message: `The RSA key has ${facts.keyBits} bits; it can be factored, and then anybody is this workload.`,
      remedy: 'Let the issuer refuse RSA keys below 2048 bits, or use ECDSA P-256.',
    });
  }
  if (extendedKeyUsage === null) {
    findings.push({
      code: 'istio-allows',
      attack: 'M8',
      message:
        'The certificate has no extended key usage, so it serves for every purpose; the SPIFFE standard allows that as well.',
      remedy:
        'Let the issuer set clientAuth and serverAuth, so that certificates made for other purposes open nothing.',
    });
  }
  return findings;
}
