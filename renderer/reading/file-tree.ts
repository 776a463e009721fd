/** A flat list of paths as the lines of a tree: folders before their files, in the order the paths came. */
export interface TreeLine {
  depth: number;
  name: string;
  /** Full path of a file; null for a folder. */
  path: string | null;
}

/** One line a folder and a file. */
export function treeLines(paths: readonly string[]): TreeLine[] {
  const sorted = [...paths].sort((a, b) => sortKey(a).localeCompare(sortKey(b)));
  const lines: TreeLine[] = [];
  let open: string[] = [];
  for (const path of sorted) {
    const parts = path.split('/');
    const folders = parts.slice(0, -1);
    let shared = 0;
    while (shared < folders.length && open[shared] === folders[shared]) shared += 1;
    for (let depth = shared; depth < folders.length; depth += 1) {
      lines.push({ depth, name: `${folders[depth]}/`, path: null });
    }
    open = folders;
    lines.push({ depth: folders.length, name: parts.at(-1) ?? path, path });
  }
  return lines;
}

/** Files of a folder stand before its folders, as the eye expects beneath a heading. */
function sortKey(path: string): string {
  const parts = path.split('/');
  return [...parts.slice(0, -1).map((part) => `1${part}`), `0${parts.at(-1) ?? ''}`].join('/');
}
