/**
 * Issues leaves: good ones here, faulty ones through `faulty-leaf.ts`. A good leaf is what Istio's CA issues:
 * empty subject, one URI SAN, both purposes, no right to sign.
 */
import type { Clock } from '../../model/clock.ts';
import { parseSpiffeId } from '../../model/spiffe-id.ts';
import { Secret } from '../../model/secret.ts';
import { issueFaultyLeaf } from './faulty-leaf.ts';
import { DEFAULT_LEAF_TTL_MS, goodPlan, secondsOf, serverPlan } from './leaf-plan.ts';
import type { IssuedLeaf, LeafRequest, ServerRequest } from './leaf.ts';
import { signerOf, type Root } from './root.ts';
import { type CertificatePlan, generateEcKeyPair, issueCertificate, type KeyPair } from './x509.ts';

/** Issues a leaf by the session's clock. Throws when the request is not for a SPIFFE id: that is our own mistake. */
export async function issueLeaf(root: Root, request: LeafRequest, clock: Clock): Promise<IssuedLeaf> {
  if (!parseSpiffeId(request.spiffeId).ok) throw new Error(`not a SPIFFE id: ${request.spiffeId}`);
  const ttlMs = request.ttlMs ?? DEFAULT_LEAF_TTL_MS;
  if (request.fault !== 'none') return issueFaultyLeaf(root, { ...request, ttlMs }, clock);
  const keys = await generateEcKeyPair();
  return issued(goodPlan(request.spiffeId, keys.publicKey, ttlMs, clock), keys, root);
}

/** A server's certificate for names of the DNS; it is nobody in the mesh. */
export async function issueServerCertificate(
  root: Root,
  { dnsNames, ttlMs }: ServerRequest,
  clock: Clock,
): Promise<IssuedLeaf> {
  const keys = await generateEcKeyPair();
  return issued(serverPlan(dnsNames, keys.publicKey, ttlMs, clock), keys, root);
}

function issued(plan: CertificatePlan, keys: KeyPair, root: Root): IssuedLeaf {
  return {
    certificateChainPem: issueCertificate(plan, signerOf(root)),
    privateKey: new Secret(keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()),
    notBefore: secondsOf(plan.notBefore),
    notAfter: secondsOf(plan.notAfter),
  };
}
