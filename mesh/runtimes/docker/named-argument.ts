/**
 * Which of a build's arguments its words only name, with the value in the environment. Everybody may read the words of
 * a process; but the environment is inherited by all that docker calls (git, ssh, a credential helper, the shell that
 * this is written in, the loader below each), and a Compose file is to command none of those. What they read can't be
 * listed, so it is the other way round: only a secret is worth hiding, and only by a name that none of them knows.
 */
import { isSecretName } from '../../../model/compose/looks-secret.ts';

/** Names of addresses, which may hold a password. */
const ADDRESS = /(^|_)(url|uri|dsn)$|(?<!^no_)proxy$/i;

/**
 * Of those who log in by what the environment holds: docker and its plugins (with the caches that they write to), git
 * with the helpers of its hosts, credential helpers of registries. And of the loader and bash, whatever it is.
 */
const OF_A_PROGRAM =
  /^(docker|buildkit|buildx|compose|otel|git|github|gh|gitlab|glab|bitbucket|actions|aws|azure|arm|google|gcloud|gcp|cloudsdk|ld|dyld|bash|ssl)_/i;

/** A proxy is docker's too where it is in the environment, on its way to a registry: hidden for a password only. */
export const PROXY = /^(https?|all|ftp)_proxy$/i;

/** Whether the value of this argument is handed over in the environment. */
export function isNamedOnly(name: string, value: string): boolean {
  if (OF_A_PROGRAM.test(name)) return false;
  return isSecretName(name) || (ADDRESS.test(name) && value.includes('@'));
}
