/** Which files of this machine stand for what a DestinationRule's TLS names, for a proxy that was given them. */
import { join, posix } from 'node:path';
import type { ClientTlsSpec } from '../model/istio/destination-rule.ts';
import type { ClientCredentials } from '../model/mesh.ts';
import type { Position } from '../model/problem.ts';
import { namedSecrets } from '../policy/routes/named-secrets.ts';

/** One file that a rule can't do without. */
export interface WantedFile {
  /** Where the rule names it. */
  field: 'credentialName' | 'clientCertificate' | 'privateKey' | 'caCertificates';
  part: 'certificate' | 'key' | 'ca';
  /** The credentialName, or the path in the proxy's file system. */
  name: string;
}

/** A file, absolute, and where greenroom.yaml says it. */
export interface FoundFile {
  path: string;
  at: Position;
}

/** All of them; none = the rule has no certificates of one's own. */
export function wantedFiles(tls: ClientTlsSpec): WantedFile[] {
  const { certificate, roots } = namedSecrets(tls);
  const wanted: WantedFile[] = [];
  if (certificate?.kind === 'secret')
    wanted.push(
      { field: 'credentialName', part: 'certificate', name: certificate.name },
      { field: 'credentialName', part: 'key', name: certificate.name },
    );
  if (certificate?.kind === 'files')
    wanted.push(
      { field: 'clientCertificate', part: 'certificate', name: certificate.certificate },
      { field: 'privateKey', part: 'key', name: certificate.key },
    );
  if (roots?.kind === 'secret') wanted.push({ field: 'credentialName', part: 'ca', name: roots.name });
  if (roots?.kind === 'file') wanted.push({ field: 'caCertificates', part: 'ca', name: roots.path });
  return wanted;
}

/** The file that was given for it; null = none was. */
export function findFile(
  { field, part, name }: WantedFile,
  credentials: ClientCredentials | undefined,
): FoundFile | null {
  if (credentials === undefined) return null;
  if (field !== 'credentialName') return mountedFile(name, credentials.mounted);
  const secret = Object.hasOwn(credentials.secrets, name) ? credentials.secrets[name] : undefined;
  if (secret === undefined) return null;
  const path = part === 'ca' ? secret.ca : (secret.pair?.[part] ?? null);
  return path === null ? null : { path, at: secret.at };
}

/** By the longest mounted path that it is, or is below of. */
function mountedFile(path: string, mounted: ClientCredentials['mounted']): FoundFile | null {
  const wanted = posix.normalize(path);
  const [best] = Object.entries(mounted)
    .map(([at, own]) => ({ at: posix.normalize(at).replace(/\/$/, ''), own }))
    .filter(({ at }) => wanted === at || wanted.startsWith(`${at}/`))
    .toSorted((one, other) => other.at.length - one.at.length);
  if (best === undefined) return null;
  return { path: join(best.own.path, wanted.slice(best.at.length)), at: best.own.at };
}
