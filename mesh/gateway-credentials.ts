/**
 * What gateways show their clients: certificates and keys from the project's files, checked before anything listens.
 */
import type { CredentialFiles, MeshGateway } from '../model/mesh.ts';
import type { Problem } from '../model/problem.ts';
import { type KeyPair, type PemFile, readKeyPair, readRoots } from './pem-files.ts';

export interface GatewayCredential extends KeyPair {
  /** Who signs for clients, `mesh`: its own roots; null = nobody, so servers that ask for clients' certificates have none to show. */
  clientRootsPem: readonly string[] | 'mesh' | null;
}

/** By `credentialName`. */
export type GatewayCredentials = Readonly<Record<string, GatewayCredential>>;

/** Credentials by gateway id, of all files that are fit for use; the others are problems at their place in greenroom.yaml. */
export async function readGatewayCredentials(
  gateways: readonly MeshGateway[],
): Promise<{ credentials: Map<string, Record<string, GatewayCredential>>; problems: Problem[] }> {
  const credentials = new Map<string, Record<string, GatewayCredential>>();
  const problems: Problem[] = [];
  for (const gateway of gateways) {
    const own: Record<string, GatewayCredential> = {};
    credentials.set(gateway.id, own);
    for (const [name, files] of Object.entries(gateway.credentials)) {
      const read = await readCredential(name, files);
      if ('code' in read) problems.push(read);
      else own[name] = read;
    }
  }
  return { credentials, problems };
}

async function readCredential(name: string, files: CredentialFiles): Promise<GatewayCredential | Problem> {
  const file = (path: string): PemFile => ({ path, what: `credential ${name}`, at: files.at });
  const pair = await readKeyPair(file(files.certificate), file(files.key));
  if ('code' in pair) return pair;
  const roots = files.ca === null ? null : await readRoots(file(files.ca));
  return roots !== null && 'code' in roots ? roots : { ...pair, clientRootsPem: roots };
}
