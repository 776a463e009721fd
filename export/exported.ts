/** What an export yields: files as text, and every field that the target can't say, named. */
import type { Problem } from '../model/problem.ts';

export interface ExportedFile {
  /** Relative, with `/`. */
  path: string;
  text: string;
}

export interface Exported {
  /** Sorted by path; the same mesh gives the same bytes. */
  files: ExportedFile[];
  problems: Problem[];
}

/** A policy file as the team wrote it. */
export interface PolicyText {
  /** Relative to the project folder, with `/`. */
  path: string;
  text: string;
}
