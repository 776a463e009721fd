/**
 * Certificates that a scenario's `tls` step can show: none at all, a good one, or one that is faulty in exactly one
 * way. The faults stand here once; the certificate maker of mesh/pki/ takes them from here.
 */
export const FAULTY_CERTIFICATES = [
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

/** What `certificate:` may say; `none` = no client certificate. */
export const CERTIFICATE_NAMES = ['none', 'valid', ...FAULTY_CERTIFICATES] as const;
