/** `greenroom check --fix`: writes the safe changes of findings into the files they are about. */
import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Fix, LintProblem } from '../policy/lint.ts';
import { editYaml } from './yaml-edit.ts';

/** A file that was changed, as shown, and in how many places. */
export interface FixedFile {
  file: string;
  changes: number;
}

/** Applies every fix that can be placed; what can't is found again by the next check. */
export async function applyFixes(problems: readonly LintProblem[]): Promise<FixedFile[]> {
  const byFile = new Map<string, Fix[]>();
  for (const { fix } of problems) {
    if (!fix) continue;
    byFile.set(fix.at.file, [...(byFile.get(fix.at.file) ?? []), fix]);
  }
  const fixed: FixedFile[] = [];
  for (const [file, fixes] of byFile) {
    const path = resolve(file);
    const { text, applied } = editYaml(await readFile(path, 'utf8'), fixes);
    if (applied.length === 0) continue;
    await writeFile(path, text);
    fixed.push({ file, changes: applied.length });
  }
  return fixed;
}
