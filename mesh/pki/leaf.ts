/** What a leaf certificate can be asked to be: good, or faulty in exactly one named way (attacks.md, M rows). */
import { FAULTY_CERTIFICATES } from '../../model/scenario-certificates.ts';
import type { Secret } from '../../model/secret.ts';

export const CERTIFICATE_FAULTS = ['none', ...FAULTY_CERTIFICATES] as const;

/** `none` = a good leaf. */
export type CertificateFault = (typeof CERTIFICATE_FAULTS)[number];

export interface LeafRequest {
  /** `spiffe://…` to put into the URI SAN (before the fault is applied). */
  spiffeId: string;
  fault: CertificateFault;
  /** Default 24 h. */
  ttlMs?: number;
}

/** For a gateway's clients, who know nothing of SPIFFE. */
export interface ServerRequest {
  /** Names that the certificate is for; wildcards too. */
  dnsNames: readonly string[];
  ttlMs: number;
}

export interface IssuedLeaf {
  /** Leaf first, then what is needed up to (not including) the root. */
  certificateChainPem: string;
  privateKey: Secret;
  notBefore: number;
  notAfter: number;
}
