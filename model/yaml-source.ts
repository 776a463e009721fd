/**
 * YAML text -> plain values, each with the place of every field. Owns what makes YAML dangerous: size, nesting,
 * aliases that multiply, duplicate keys, keys that aren't strings. Every fault is a `Problem` with its place;
 * nothing is thrown, whatever the bytes are.
 */
import { LineCounter, parseAllDocuments, type YAMLError } from 'yaml';
import { messageOf } from './message-of.ts';
import type { Position, Problem } from './problem.ts';
import { DocumentReader, tooDeep } from './yaml-document.ts';
import { nestsTooDeep } from './yaml-nesting.ts';

/** Place of a field by its path, keys and indexes joined by dots; see `PolicyObject.positions`. */
export type Positions = Record<string, { line: number; column: number }>;

export interface YamlDocument {
  file: string;
  value: unknown;
  /** Where the document's content starts. */
  at: Position;
  /** A map's field stands at its key, an element of a list at itself. */
  positions: Positions;
}

/** `kubernetes`: as kubectl reads it, where a bare `yes` or `off` is a boolean. */
export type YamlDialect = 'core' | 'kubernetes';

/** Files from this size on are refused unread. */
export const MAX_FILE_CHARACTERS = 10 * 1024 * 1024;
const MAX_PROBLEMS = 20;

/** All documents of a file; empty ones (comments only) are left out. */
export function readYaml(
  text: string,
  file: string,
  dialect: YamlDialect = 'core',
): { documents: YamlDocument[]; problems: Problem[] } {
  if (text.length >= MAX_FILE_CHARACTERS) return { documents: [], problems: [tooLarge(file, text.length)] };
  // A line counter and the parser both count a BOM as a character, an editor doesn't.
  const source = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const deep = nestsTooDeep(source);
  if (deep) return { documents: [], problems: [tooDeep({ file, ...deep })] };
  const lines = new LineCounter();
  const problems: Problem[] = [];
  const documents: YamlDocument[] = [];
  try {
    const parsed = parseAllDocuments(source, {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: false,
      logLevel: 'silent',
    });
    if (!Array.isArray(parsed)) return { documents: [], problems: [] };
    for (const document of parsed) {
      for (const error of document.errors) problems.push(syntaxProblem(error, file, lines));
      if (document.errors.length > 0 || document.contents === null) continue;
      const reader = new DocumentReader(document, file, lines, dialect);
      const value = reader.read();
      problems.push(...reader.problems);
      if (reader.problems.length > 0 || value === null) continue;
      documents.push({ file, value, at: reader.start, positions: reader.positions });
    }
  } catch (error) {
    problems.push(unreadable(error, file));
  }
  return { documents, problems: problems.slice(0, MAX_PROBLEMS) };
}

/** The one document of a file that must hold exactly one. */
export function readSingleYaml(
  text: string,
  file: string,
): { document: YamlDocument | null; problems: Problem[] } {
  const { documents, problems } = readYaml(text, file);
  const [document, second] = documents;
  if (problems.length > 0) return { document: null, problems };
  if (!document) {
    return {
      document: null,
      problems: [
        {
          code: 'empty-file',
          severity: 'error',
          message: 'the file is empty',
          at: { file, line: 1, column: 1 },
        },
      ],
    };
  }
  if (second) {
    const message = 'only one document is expected in this file';
    return {
      document: null,
      problems: [
        {
          code: 'several-documents',
          severity: 'error',
          message,
          hint: 'remove what follows `---`',
          at: second.at,
        },
      ],
    };
  }
  return { document, problems: [] };
}

/** Place of `path`, or of its nearest ancestor that was written. */
export function placeOf(
  document: Pick<YamlDocument, 'at' | 'positions'>,
  path: readonly PropertyKey[],
): Position {
  for (let length = path.length; length > 0; length -= 1) {
    const key = path.slice(0, length).map(String).join('.');
    // `positions` is a plain object: a field called toString must not find what every object inherits.
    const found = Object.hasOwn(document.positions, key) ? document.positions[key] : undefined;
    if (found) return { file: document.at.file, line: found.line, column: found.column };
  }
  return document.at;
}

function tooLarge(file: string, characters: number): Problem {
  return {
    code: 'file-too-large',
    severity: 'error',
    message: `the file has ${(characters / 1024 / 1024).toFixed(1)} million characters; 10 MB is the limit`,
    hint: 'split it, or list only the files that hold policies',
    at: { file, line: 1, column: 1 },
  };
}

function unreadable(error: unknown, file: string): Problem {
  const message = messageOf(error);
  return {
    code: 'yaml-syntax',
    severity: 'error',
    message: `the file can't be read as YAML: ${message.slice(0, 200)}`,
    at: { file, line: 1, column: 1 },
  };
}

const HINTS: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'indent with spaces',
  BAD_INDENT: 'fields of one map start in the same column',
  MISSING_CHAR: 'check quotes, brackets and colons of this line and the one before',
};

/** The parser has one code for fields out of line and for a bracket that nothing closes. */
function hintOf({ code, message }: YAMLError): string | undefined {
  return code === 'BAD_INDENT' && message.startsWith('Flow ')
    ? 'close the [ or { that is open above, or indent what belongs in it'
    : HINTS[code];
}

function syntaxProblem(error: YAMLError, file: string, lines: LineCounter): Problem {
  const { line, col } = lines.linePos(error.pos[0]);
  const hint = hintOf(error);
  return {
    code: 'yaml-syntax',
    severity: 'error',
    message: error.message.slice(0, 200),
    ...(hint ? { hint } : {}),
    at: { file, line: Math.max(line, 1), column: Math.max(col, 1) },
  };
}
