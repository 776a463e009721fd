/** Key sets that a `jwksUri` names as a file. Bounded; what can't be read is a rejection, and then no token is good. */
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { z } from 'zod';
import { keyFilePath } from '../model/istio/key-file.ts';
import type { requestAuthenticationSpecSchema } from '../model/istio/request-authentication.ts';
import type { PolicyObject } from '../model/policy-object.ts';
import { type KeySet, parseKeySet } from '../policy/tokens/key-set.ts';

type RequestAuthenticationSpec = z.infer<typeof requestAuthenticationSpecSchema>;

const MAX_BYTES = 1_048_576;

/** The text of the file at `path`, relative to `root`. */
export async function readKeyFile(path: string, root: string): Promise<string> {
  const file = await open(resolve(root, path));
  try {
    const { size } = await file.stat();
    if (size > MAX_BYTES) throw new Error('the file is longer than a megabyte');
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/** Keys by the `jwksUri`s among `objects` that are paths, relative to `root`; null = none there that is usable. */
export async function keySetsInFiles(
  objects: readonly PolicyObject[],
  root: string,
): Promise<Record<string, KeySet | null>> {
  const sets: Record<string, KeySet | null> = {};
  for (const uri of new Set(objects.flatMap(keyUris))) {
    const path = keyFilePath(uri);
    if (path !== null) sets[uri] = await readKeyFile(path, root).then(parseKeySet, () => null);
  }
  return sets;
}

/** The `jwksUri`s of a RequestAuthentication's rules that hold no keys themselves. */
function keyUris({ kind, spec }: PolicyObject): string[] {
  if (kind !== 'RequestAuthentication') return [];
  const { jwtRules } = (spec ?? {}) as RequestAuthenticationSpec;
  return (jwtRules ?? []).flatMap((rule) => (rule.jwks ? [] : (rule.jwksUri ?? rule.jwks_uri ?? [])));
}
