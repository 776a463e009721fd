/** Who a session is to others: the project's root, and the certificates of its sidecars and gateways. */
import type { Clock } from '../model/clock.ts';
import { EnvironmentError } from '../model/environment-error.ts';
import type { Mesh } from '../model/mesh.ts';
import { formatProblem } from '../model/problem.ts';
import { type Authority, openAuthority } from './authority.ts';
import { Certificates } from './certificates.ts';
import { readClientSecrets } from './client-secrets.ts';
import { GatewayCertificates } from './gateway-certificates.ts';
import type { IssuedLeaf } from './pki/leaf.ts';
import type { SnapshotInput } from './snapshot.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

export interface SessionIdentity {
  authority: Authority;
  certificates: Certificates;
  gatewayCertificates: GatewayCertificates;
}

/** Issues nothing yet. `renewed` publishes new certificates of sidecars; resolves when they are in force. */
export async function openIdentity(more: {
  mesh(): Mesh;
  dataDir: string;
  clock: Clock;
  /** Default 24 h. */
  certificateTtlMs: number | undefined;
  renewed: (leaves: ReadonlyMap<string, IssuedLeaf>) => Promise<void>;
}): Promise<SessionIdentity> {
  const { mesh, dataDir, clock, certificateTtlMs: ttlMs = DAY_MS, renewed } = more;
  const authority = await openAuthority(mesh(), dataDir, clock);
  const gatewayCertificates = await GatewayCertificates.open(mesh(), authority);
  const certificates = new Certificates({ mesh, authority, clock, ttlMs, renewed });
  return { authority, certificates, gatewayCertificates };
}

/** What the first snapshot shows of it: certificates of every instance and gateway, and whom they trust. */
export async function firstCredentials(
  { authority, certificates, gatewayCertificates }: SessionIdentity,
  mesh: Mesh,
): Promise<Pick<SnapshotInput, 'trustBundlePem' | 'credentials' | 'gatewayCredentials' | 'clientSecrets'>> {
  const trustBundlePem = authority.trustBundlePem();
  const credentials = await certificates.issueAll();
  const gatewayCredentials = await gatewayCertificates.follow(mesh);
  const { secrets: clientSecrets, problems } = await readClientSecrets(mesh);
  if (problems.length > 0)
    throw new EnvironmentError('invalid-credentials', "certificates of DestinationRules can't be used", {
      lines: problems.map(formatProblem),
    });
  return { trustBundlePem, credentials, gatewayCredentials, clientSecrets };
}
