/** The project a command was pointed at, read; its problems end the command (exit 2), its notices are told. */
import type { ComposeMemory } from '../mesh/compose-memory.ts';
import { loadProject } from '../mesh/load-project.ts';
import { hasErrors } from '../model/problem.ts';
import type { Mesh } from '../model/mesh.ts';
import { FilesError } from './exit-codes.ts';
import { note } from './output.ts';
import { problemLine } from './problem-line.ts';

/**
 * Reads `path` (a folder or a greenroom.yaml); `compose`, of one who will read it again.
 * @throws FilesError with every problem of every file
 */
export async function readProject(path: string, compose?: ComposeMemory): Promise<Mesh> {
  const { value, problems } = await loadProject(path, compose ? { compose } : {});
  if (value === null || hasErrors(problems)) throw new FilesError(problems);
  for (const problem of problems) note(problemLine(problem));
  return value;
}
