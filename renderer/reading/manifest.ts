/** What a set of manifests holds, read off their `kind:` lines. */

/** Kinds with their numbers, most frequent first; Kustomization is the packing, not the goods. */
export function objectCounts(files: readonly { text: string }[]): [string, string][] {
  const counts = new Map<string, number>();
  for (const { text } of files) {
    for (const [, kind = ''] of text.matchAll(/^kind: *["']?([A-Za-z]+)/gm)) {
      if (kind !== 'Kustomization') counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
  }
  return [...counts]
    .sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]))
    .map(([kind, number]) => [kind, String(number)]);
}
