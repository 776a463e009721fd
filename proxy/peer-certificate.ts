/**
 * From a finished handshake to the facts the gate judges. Owns the question how the chain is verified: OpenSSL does
 * it (signatures, CA flags, path lengths, name constraints, purposes, wall time) during the handshake against the
 * roots of the material; its answer is `authorizationError`, and nothing here overrules it. With
 * `rejectUnauthorized: false` OpenSSL goes on after the first error and keeps the *last* one, so the code alone
 * can't say what was wrong: an expired certificate of a rogue CA reads as expired. Therefore whether a signature
 * path reaches a root is looked at a second time, with `checkIssued` and `verify`, only to name the reason.
 */
import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { CertificateFacts, TlsFacts } from '../model/traffic-event.ts';
import type { PeerCertificate } from '../wire/certificate-gate.ts';
import { readX509Extensions } from '../wire/x509-extensions.ts';

/** OpenSSL's own bound is 100; a mesh has no chain longer than this. */
const MAX_CHAIN = 8;
const CURVE_BITS: Readonly<Record<string, number>> = { prime256v1: 256, secp384r1: 384, secp521r1: 521 };

/** null = the peer presented none. */
export function peerCertificateOf(
  socket: TLSSocket,
  roots: readonly X509Certificate[],
): PeerCertificate | null {
  const leaf = socket.getPeerX509Certificate();
  if (!leaf) return null;
  const extensions = readX509Extensions(leaf.raw);
  const key = keyOf(leaf);
  return {
    facts: {
      subject: rfc2253(leaf.subject),
      issuer: rfc2253(leaf.issuer),
      uriSans: extensions?.uriSans ?? [],
      notBefore: leaf.validFromDate.getTime(),
      notAfter: leaf.validToDate.getTime(),
      fingerprint: leaf.fingerprint256.replaceAll(':', '').toLowerCase(),
      ...key,
    } satisfies CertificateFacts,
    chain: {
      error: socket.authorized ? null : openSslCode(socket.authorizationError),
      reachesRoot: reachesRoot(leaf, roots),
      selfSigned: isSelfSigned(leaf),
    },
    names: extensions?.names ?? [],
    readable: extensions !== null && key.keyType !== 'unknown',
    ca: extensions?.ca ?? false,
    keyCertSign: extensions?.keyCertSign ?? false,
    extendedKeyUsage: extensions?.extendedKeyUsage ?? null,
  };
}

/** What is told of a handshake, whatever came of it. `sni` and `offeredAlpn` are the ClientHello's. */
export function tlsFactsOf(socket: TLSSocket, sni: string | null, peer: PeerCertificate | null): TlsFacts {
  return {
    mutual: peer !== null,
    version: socket.getProtocol(),
    cipher: socket.getCipher()?.name ?? null,
    alpn: socket.alpnProtocol || null,
    sni,
    resumed: socket.isSessionReused(),
    peer: peer?.facts ?? null,
  };
}

function reachesRoot(leaf: X509Certificate, roots: readonly X509Certificate[]): boolean {
  const sent: X509Certificate[] = [];
  for (let above = leaf.issuerCertificate; above && sent.length < MAX_CHAIN; above = above.issuerCertificate)
    sent.push(above);
  let at: X509Certificate | undefined = leaf;
  for (let depth = 0; at && depth < MAX_CHAIN; depth += 1) {
    const child: X509Certificate = at;
    if (roots.some((root) => signed(root, child))) return true;
    at = sent.find(
      (candidate) =>
        candidate.ca && candidate.fingerprint256 !== child.fingerprint256 && signed(candidate, child),
    );
  }
  return false;
}

function signed(issuer: X509Certificate, child: X509Certificate): boolean {
  try {
    return child.checkIssued(issuer) && child.verify(issuer.publicKey);
  } catch {
    // A key of a kind that OpenSSL can't use signs nothing.
    return false;
  }
}

function isSelfSigned(leaf: X509Certificate): boolean {
  try {
    return leaf.verify(leaf.publicKey);
  } catch {
    return false;
  }
}

function keyOf(leaf: X509Certificate): { keyType: string; keyBits: number } {
  try {
    const { asymmetricKeyType = 'unknown', asymmetricKeyDetails } = leaf.publicKey;
    const bits =
      asymmetricKeyDetails?.modulusLength ?? CURVE_BITS[asymmetricKeyDetails?.namedCurve ?? ''] ?? 0;
    return { keyType: asymmetricKeyType, keyBits: bits };
  } catch {
    return { keyType: 'unknown', keyBits: 0 };
  }
}

/** Node puts one part on a line, the most general first; Envoy writes them the other way round (RFC 2253). */
function rfc2253(name: string | undefined): string {
  return (name ?? '').split('\n').reverse().join(',');
}

/** Typed as an Error, in truth a text; never empty, since empty would read as verified. */
function openSslCode(error: unknown): string {
  const code = error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : error;
  return typeof code === 'string' && code !== '' ? code : 'UNVERIFIED';
}
