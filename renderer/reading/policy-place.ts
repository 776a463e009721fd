/**
 * A place in a policy file, however its path was written: positions may be relative to where the command ran, the
 * files of the host are relative to the project.
 */

/** The file that a position means. */
export function fileAt<File extends { path: string }>(
  files: readonly File[],
  path: string,
): File | undefined {
  return files.find((file) => file.path === path) ?? files.find((file) => path.endsWith(`/${file.path}`));
}

/** The position's path as the project writes it, where that is known. */
export function projectPath(files: readonly { path: string }[], path: string): string {
  return fileAt(files, path)?.path ?? path;
}
