/** How Envoy 1.40 tells that it refused an upstream's certificate, as far as we know the same; for response code details. */
import type { CertificateReason } from './certificate-gate.ts';

/** What its validator says of a certificate that isn't called as the cluster wants it. */
export function unmatchedNames(names: readonly string[]): string {
  return `SAN matcher, certificate SANs are [${names.join(', ')}]`;
}

/** The same, where the names come from the request's own Host or SNI. */
export function unexpectedNames(expected: readonly string[], names: readonly string[]): string {
  return `verify SAN list, expected SANs: [${expected.join(', ')}], certificate SANs: [${names.join(', ')}]`;
}

const CHAIN: Partial<Record<CertificateReason, string>> = {
  'unknown-authority': 'unable to get local issuer certificate',
  'self-signed': 'unable to get local issuer certificate',
  expired: 'certificate has expired',
  'not-yet-valid': 'certificate is not yet valid',
};

/**
 * What its validator says where our gate refused for `reason` a certificate with these URI names.
 *
 * @returns null for what we have not seen it say.
 */
export function validatorWords(reason: string, uriSans: readonly string[]): string | null {
  if ((reason === 'unexpected-identity' || reason === 'foreign-trust-domain') && uriSans.length > 0)
    return unmatchedNames(uriSans);
  const chain = Object.hasOwn(CHAIN, reason) ? CHAIN[reason as CertificateReason] : undefined;
  return chain === undefined ? null : `X509_verify_cert: certificate verification error at depth 0: ${chain}`;
}

/** Response code details of a request whose upstream was refused so; blanks are underscores, as in Envoy's log. */
export function verifyErrorDetails(words: string): string {
  const error = `TLS_error:|268435581:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:verify cert failed: ${words}:TLS_error_end`;
  return `upstream_reset_before_response_started{remote_connection_failure|${error.replaceAll(' ', '_')}}`;
}
