/** Certificates of a conformance run, each made once: of the mesh's root, of a foreign one, and expired ones. */
import { DEFAULT_LEAF_TTL_MS, goodPlan } from '../../mesh/pki/leaf-plan.ts';
import { createRoot, signerOf } from '../../mesh/pki/root.ts';
import { generateEcKeyPair, issueCertificate } from '../../mesh/pki/x509.ts';
import { createClock } from '../../model/clock.ts';

export type CertificateKind = 'valid' | 'foreign-ca' | 'expired';

export interface ShownCertificate {
  chainPem: string;
  keyPem: string;
}

export interface Certificates {
  rootPem: string;
  /** By SPIFFE id, or what a suite takes for one: Istio's proxies look at its beginning only. */
  of(spiffeId: string, kind: CertificateKind): Promise<ShownCertificate>;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** Makes the two roots. */
export async function createCertificates(): Promise<Certificates> {
  const clock = createClock(() => Date.now());
  const [mesh, foreign] = await Promise.all([
    createRoot({ name: 'mesh' }, clock),
    createRoot({ name: 'foreign' }, clock),
  ]);
  const made = new Map<string, Promise<ShownCertificate>>();
  const issue = async (spiffeId: string, kind: CertificateKind): Promise<ShownCertificate> => {
    const keys = await generateEcKeyPair();
    const plan = goodPlan(spiffeId, keys.publicKey, DEFAULT_LEAF_TTL_MS, clock);
    if (kind === 'expired') {
      plan.notBefore -= 2 * DAY_MS;
      plan.notAfter = clock.now() - DAY_MS;
    }
    return {
      chainPem: issueCertificate(plan, signerOf(kind === 'foreign-ca' ? foreign : mesh)),
      keyPem: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    };
  };
  return {
    rootPem: mesh.certificatePem,
    of: (spiffeId, kind) => {
      const key = `${kind} ${spiffeId}`;
      const known = made.get(key) ?? issue(spiffeId, kind);
      made.set(key, known);
      return known;
    },
  };
}
