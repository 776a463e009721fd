/** What a good leaf says. Faulty ones change one thing of it. */
import type { KeyObject } from 'node:crypto';
import type { Clock } from '../../model/clock.ts';
import type { CertificatePlan } from './x509.ts';

export const DEFAULT_LEAF_TTL_MS = 24 * 60 * 60 * 1000;
/** Two machines' clocks differ a little; Istio backdates as well. */
const BACKDATE_MS = 10_000;

/**
 * OpenSSL judges by the wall clock and our gate by the session's, so a leaf must be valid in both: where the
 * session's clock was moved back, the leaf lives on until its time has passed on the wall, too.
 */
export function goodPlan(
  spiffeId: string,
  publicKey: KeyObject,
  ttlMs: number,
  clock: Clock,
): CertificatePlan {
  const nowMs = clock.now();
  const wallMs = nowMs - clock.offsetMs();
  return {
    subject: {},
    publicKey,
    notBefore: Math.min(nowMs, wallMs) - BACKDATE_MS,
    notAfter: Math.max(nowMs, wallMs) + ttlMs,
    ca: false,
    keyUsage: ['digitalSignature', 'keyEncipherment'],
    extendedKeyUsage: ['serverAuth', 'clientAuth'],
    uriSans: [spiffeId],
  };
}

/** What a server's certificate for names of the DNS says: no identity of the mesh, and no purpose but its own. */
export function serverPlan(
  dnsNames: readonly string[],
  publicKey: KeyObject,
  ttlMs: number,
  clock: Clock,
): CertificatePlan {
  return {
    ...goodPlan('', publicKey, ttlMs, clock),
    uriSans: [],
    dnsSans: dnsNames,
    extendedKeyUsage: ['serverAuth'],
  };
}

/** Certificates count whole seconds. */
export function secondsOf(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}
