/** `credentials` of a service or gateway in the project file -> what its proxy has for DestinationRules. */
import type { ClientCredentials, SecretFiles } from './mesh.ts';
import type { Position } from './problem.ts';
import type { ProjectCredential } from './project.ts';

/** `place`: where a credential is written. null = there are none. */
export function buildClientCredentials(
  written: Readonly<Record<string, ProjectCredential>> | undefined,
  resolve: (path: string) => string,
  place: (name: string) => Position,
): ClientCredentials | null {
  const secrets: Record<string, SecretFiles> = {};
  const mounted: Record<string, { path: string; at: Position }> = {};
  for (const [name, one] of Object.entries(written ?? {})) {
    const at = place(name);
    if (typeof one === 'string') mounted[name] = { path: resolve(one), at };
    else if (!('clientAuthority' in one)) {
      const pair =
        'certificate' in one ? { certificate: resolve(one.certificate), key: resolve(one.key) } : null;
      secrets[name] = { pair, ca: one.ca === undefined ? null : resolve(one.ca), at };
    }
  }
  return Object.keys(secrets).length + Object.keys(mounted).length === 0 ? null : { secrets, mounted };
}
