/**
 * Certificates of one's own that DestinationRules name for a client's TLS, from the project's files: for each proxy that
 * follows the rule and was given all that it names. One that wasn't reaches no server by it.
 */
import type { ClientCredentials, Mesh } from '../model/mesh.ts';
import type { Problem } from '../model/problem.ts';
import { mayFollow } from '../policy/routes/destination-rules.ts';
import { certificateSds, namedSecrets, rootsSds } from '../policy/routes/named-secrets.ts';
import { tlsOfRules, type RuleTls } from '../policy/routes/rule-tls.ts';
import type { RouteClient } from '../policy/routes/sidecar-scope.ts';
import type { InstanceSnapshot } from '../proxy/snapshot.ts';
import { type KeyPair, type PemFile, readKeyPair, readRoots } from './pem-files.ts';
import { type Follower, missingSecrets } from './missing-secrets.ts';
import { findFile, wantedFiles, type WantedFile } from './secret-files.ts';

/** By SDS name. */
export interface ClientSecrets {
  certificates: Record<string, KeyPair>;
  roots: Record<string, readonly string[]>;
}

/** Secrets by workload and gateway. What is given to nobody who follows the rule, or isn't fit for use, is a problem. */
export async function readClientSecrets(mesh: Pick<Mesh, 'workloads' | 'gateways' | 'policies'>): Promise<{
  secrets: ReadonlyMap<string, ClientSecrets>;
  problems: Problem[];
}> {
  const secrets = new Map<string, ClientSecrets>();
  const problems: Problem[] = [];
  const clients = clientsOf(mesh);
  for (const named of tlsOfRules(mesh.policies)) {
    const followers = clients.filter((client) => mayFollow(named.rule, client) && readsNames(client, named));
    const wanted = wantedFiles(named.tls);
    problems.push(...missingSecrets(named, wanted, followers));
    for (const { id, clientCredentials } of followers) {
      if (wanted.some((one) => findFile(one, clientCredentials) === null)) continue;
      const own = secrets.get(id) ?? { certificates: {}, roots: {} };
      secrets.set(id, own);
      problems.push(...(await readInto(own, named, wanted, clientCredentials)));
    }
  }
  return { secrets, problems: distinct(problems) };
}

/** Private keys are revealed for a snapshot only. */
export function revealedSecrets(secrets: ClientSecrets | undefined): Pick<InstanceSnapshot, 'clientSecrets'> {
  if (secrets === undefined) return {};
  const certificates = Object.fromEntries(
    Object.entries(secrets.certificates).map(([sds, { certificateChainPem, privateKey }]) => [
      sds,
      { certificateChainPem, privateKeyPem: privateKey.reveal() },
    ]),
  );
  return { clientSecrets: { certificates, roots: secrets.roots } };
}

function clientsOf({ workloads, gateways = [] }: Pick<Mesh, 'workloads' | 'gateways'>): Follower[] {
  return [
    ...workloads.map((one) => ({ ...one, written: `spec.services.${one.id}` })),
    ...gateways.map((one) => ({ ...one, proxy: 'router' as const, written: `spec.gateways.${one.name}` })),
  ];
}

/** Sidecars read secrets only by rules that select their workload. */
function readsNames({ proxy }: RouteClient, { tls, rule }: RuleTls): boolean {
  return tls.credentialName === '' || proxy === 'router' || rule.spec.workloadSelector !== undefined;
}

async function readInto(
  own: ClientSecrets,
  { tls }: RuleTls,
  wanted: readonly WantedFile[],
  credentials: ClientCredentials | undefined,
): Promise<Problem[]> {
  const named = namedSecrets(tls);
  const found = (part: WantedFile['part']): PemFile | null => {
    const one = wanted.find((candidate) => candidate.part === part);
    const file = one === undefined ? null : findFile(one, credentials);
    return one === undefined || file === null ? null : { ...file, what: `credential ${one.name}` };
  };
  const [certificate, key, ca] = [found('certificate'), found('key'), found('ca')];
  const problems: Problem[] = [];
  if (named.certificate !== null && certificate !== null && key !== null) {
    const pair = await readKeyPair(certificate, key);
    if ('code' in pair) problems.push(pair);
    else own.certificates[certificateSds(named.certificate)] = pair;
  }
  if (named.roots !== null && ca !== null) {
    const roots = await readRoots(ca);
    if ('code' in roots) problems.push(roots);
    else own.roots[rootsSds(named.roots)] = roots;
  }
  return problems;
}

/** Two rules may name one file that isn't fit for use. */
function distinct(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()];
}
