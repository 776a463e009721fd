/**
 * The maker of faulty leaves: each wrong in exactly one way, and as good as an attacker could make it in all others
 * (a rogue CA copies the root's name and key identifier). For rehearsals only; nothing of a mesh runs on them.
 */
import type { Clock } from '../../model/clock.ts';
import { Secret } from '../../model/secret.ts';
import { goodPlan, secondsOf } from './leaf-plan.ts';
import type { CertificateFault, IssuedLeaf, LeafRequest } from './leaf.ts';
import { signerOf, type Root } from './root.ts';
import {
  generateEcKeyPair,
  generateRsaKeyPair,
  issueCertificate,
  keyIdOf,
  type CertificatePlan,
  type KeyPair,
  type Signer,
} from './x509.ts';

const HOUR_MS = 60 * 60 * 1000;
const FOREIGN_TRUST_DOMAIN = 'foreign.example';

export async function issueFaultyLeaf(
  root: Root,
  request: LeafRequest & { ttlMs: number },
  clock: Clock,
): Promise<IssuedLeaf> {
  const { fault, spiffeId, ttlMs } = request;
  const keys = fault === 'rsa-1024' ? await generateRsaKeyPair(1024) : await generateEcKeyPair();
  const plan = { ...goodPlan(spiffeId, keys.publicKey, ttlMs, clock), ...changeOf(fault, spiffeId, clock) };
  const { signer, above } = await signerFor(fault, root, keys, spiffeId, ttlMs, clock);
  return {
    certificateChainPem: issueCertificate(plan, signer) + above,
    privateKey: new Secret(keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()),
    notBefore: secondsOf(plan.notBefore),
    notAfter: secondsOf(plan.notAfter),
  };
}

/** What the certificate says differently. */
function changeOf(fault: CertificateFault, spiffeId: string, clock: Clock): Partial<CertificatePlan> {
  const rest = spiffeId.slice('spiffe://'.length);
  const trustDomain = rest.split('/')[0] ?? '';
  const path = rest.slice(trustDomain.length);
  switch (fault) {
    case 'none':
    case 'rogue-ca':
    case 'workload-minted':
    case 'rsa-1024':
    case 'self-signed':
      return {};
    case 'expired':
      return { notBefore: clock.now() - 2 * HOUR_MS, notAfter: clock.now() - HOUR_MS };
    case 'not-yet-valid':
      return { notBefore: clock.now() + HOUR_MS, notAfter: clock.now() + 2 * HOUR_MS };
    case 'foreign-trust-domain':
      return { uriSans: [`spiffe://${FOREIGN_TRUST_DOMAIN}${path}`] };
    case 'upper-case-trust-domain':
      return { uriSans: [`spiffe://${trustDomain.toUpperCase()}${path}`] };
    case 'no-uri-san':
      return { uriSans: [], dnsSans: [trustDomain] };
    case 'two-uri-sans':
      return { uriSans: [spiffeId, `spiffe://${trustDomain}/ns/second/sa/second`] };
    case 'server-auth-only':
      return { extendedKeyUsage: ['serverAuth'] };
    case 'no-eku':
      return { extendedKeyUsage: null };
    case 'ca-true':
      return { ca: true };
    case 'key-cert-sign':
      return { keyUsage: ['digitalSignature', 'keyEncipherment', 'keyCertSign'] };
  }
}

/** Who signs it, and what certificates stand between it and the root. */
async function signerFor(
  fault: CertificateFault,
  root: Root,
  own: KeyPair,
  spiffeId: string,
  ttlMs: number,
  clock: Clock,
): Promise<{ signer: Signer; above: string }> {
  const genuine = signerOf(root);
  if (fault === 'rogue-ca') {
    return { signer: { ...genuine, privateKey: (await generateEcKeyPair()).privateKey }, above: '' };
  }
  if (fault === 'self-signed') {
    return { signer: { privateKey: own.privateKey, subject: {}, keyId: keyIdOf(own.publicKey) }, above: '' };
  }
  if (fault === 'workload-minted') {
    const workload = await generateEcKeyPair();
    const leaf = issueCertificate(goodPlan(spiffeId, workload.publicKey, ttlMs, clock), genuine);
    return {
      signer: { privateKey: workload.privateKey, subject: {}, keyId: keyIdOf(workload.publicKey) },
      above: leaf,
    };
  }
  return { signer: genuine, above: '' };
}
