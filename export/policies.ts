/**
 * Policies leave as they were written: the team's own text, comments and order included. One thing only is added,
 * and said: a namespace that the laptop took from the project, since `kubectl apply` would take the context's.
 */
import { type Document, parseAllDocuments, isMap, LineCounter } from 'yaml';
import type { Problem } from '../model/problem.ts';
import type { ExportedFile, PolicyText } from './exported.ts';

function fileName(path: string, taken: Set<string>): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.' && part !== '..');
  const own = parts[0] === 'policies' ? parts.slice(1) : parts;
  const plain = own.join('-');
  let name = plain;
  for (let copy = 2; taken.has(name); copy += 1) name = plain.replace(/(\.[^.]*)?$/, `-${copy}$1`);
  taken.add(name);
  return `policies/${name}`;
}

/** A cluster knows nothing of Greenroom's own kinds: whoever applies them must be told. */
function ownKind(document: Document, path: string): Problem[] {
  if (!String(document.get('apiVersion')).startsWith('greenroom.dev/')) return [];
  const name = `${String(document.get('kind'))} ${String(document.getIn(['metadata', 'name']))}`;
  return [
    {
      code: 'not-portable',
      severity: 'warning',
      message: `${name} of ${path} is enforced here only: a cluster doesn't know its kind`,
      hint: 'in the cluster, enforce it with the gateway or an EnvoyFilter, and leave this file out',
    },
  ];
}

/**
 * The policy files for the export folder.
 * @param namespace what documents without one are given
 */
export function exportPolicies(
  policies: readonly PolicyText[],
  namespace: string,
  problems: Problem[],
): ExportedFile[] {
  const taken = new Set<string>();
  return policies.map(({ path, text }) => {
    const lines = new LineCounter();
    const documents = parseAllDocuments(text, { lineCounter: lines });
    let changed = false;
    for (const document of Array.isArray(documents) ? documents : []) {
      if (isMap(document.contents)) problems.push(...ownKind(document, path));
      if (!isMap(document.contents) || document.getIn(['metadata', 'namespace']) !== undefined) continue;
      if (document.get('kind') === 'Namespace') continue;
      const { line, col } = lines.linePos(document.contents.range?.[0] ?? 0);
      document.setIn(['metadata', 'namespace'], namespace);
      changed = true;
      problems.push({
        code: 'namespace-added',
        severity: 'notice',
        message: `${String(document.get('kind'))} ${String(document.getIn(['metadata', 'name']))} names no namespace; the export says ${namespace}`,
        hint: `write \`namespace: ${namespace}\` into its metadata`,
        at: { file: path, line, column: col },
      });
    }
    const written = changed && Array.isArray(documents) ? documents.map(String).join('') : text;
    return { path: fileName(path, taken), text: written };
  });
}
