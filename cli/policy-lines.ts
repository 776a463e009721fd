/** What `up` says of an edit that was taken over: which files it changed, and what is in force now. */
import { counted } from '../model/counted.ts';
import type { Mesh } from '../model/mesh.ts';
import { printable } from './output.ts';

/** Of a mesh; each edit that is taken over brings another list. */
export type PoliciesInForce = Pick<Mesh, 'policies' | 'openapi'>;

/** More of them would hide the rest of the line. */
const MOST_NAMED = 5;

/** One line, or none where nothing that decides has changed; `snapshot` = the version in force now. */
export function policyChanges(
  before: PoliciesInForce,
  now: PoliciesInForce,
  snapshot: number | null,
): string[] {
  if (before.policies === now.policies) return [];
  const [was, is] = [contentsByFile(before), contentsByFile(now)];
  const changed = [...new Set([...was.keys(), ...is.keys()])]
    .filter((file) => was.get(file) !== is.get(file))
    .sort()
    .map((file) => `${printable(file)}${is.has(file) ? '' : ' (gone)'}`);
  if (changed.length === 0) return [];
  const more = changed.length > MOST_NAMED ? ` and ${changed.length - MOST_NAMED} more` : '';
  const named = `${changed.slice(0, MOST_NAMED).join(', ')}${more}`;
  return [`in force now (snapshot ${snapshot}): ${named}; ${policyCount(now)}`];
}

/** `3 policies in 2 files`. */
function policyCount({ policies }: PoliciesInForce): string {
  const files = new Set(policies.map(({ at }) => at.file)).size;
  return `${counted(policies.length, 'policy', 'policies')} in ${counted(files, 'file')}`;
}

/** What each file holds, its OpenAPI documents included, as a text to compare. */
function contentsByFile({ policies, openapi = {} }: PoliciesInForce): Map<string, string> {
  const contents = new Map<string, string>();
  const add = (file: string, value: unknown): void =>
    void contents.set(file, (contents.get(file) ?? '') + JSON.stringify(value));
  for (const object of policies) add(object.at.file, object);
  for (const [key, document] of Object.entries(openapi))
    add(policies.find(({ at }) => key.startsWith(`${at.file} `))?.at.file ?? key, document);
  return contents;
}
