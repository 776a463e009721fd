/**
 * Certificates that a scenario's `tls` step can show: none at all, a good one, or one that is faulty in exactly one
 * way. The same faults as the certificate maker knows (a test compares them); model/ may not import it.
 */
export const CERTIFICATE_NAMES = [
  'none',
  'valid',
  'rogue-ca',
  'self-signed',
  'expired',
  'not-yet-valid',
  'foreign-trust-domain',
  'upper-case-trust-domain',
  'no-uri-san',
  'two-uri-sans',
  'server-auth-only',
  'no-eku',
  'ca-true',
  'key-cert-sign',
  'workload-minted',
  'rsa-1024',
] as const;
