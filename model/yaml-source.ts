/**
 * YAML text -> plain values, each with the place of every field. Owns what makes YAML dangerous: size, nesting,
 * aliases that multiply, duplicate keys, keys that aren't strings. Every fault is a `Problem` with its place;
 * nothing is thrown, whatever the bytes are.
 */
import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  type Alias,
  type Document,
  type YAMLError,
} from 'yaml';
import type { Position, Problem } from './problem.ts';
import { MAX_NESTING, nestsTooDeep } from './yaml-nesting.ts';

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
/** Values that aliases may add to a document. The largest honest file we met adds a few hundred. */
const MAX_ALIASED_VALUES = 20_000;
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
    const found = document.positions[path.slice(0, length).map(String).join('.')];
    if (found) return { file: document.at.file, line: found.line, column: found.column };
  }
  return document.at;
}

/** Turns one parsed document into a value and its places; its problems are those that the parser doesn't know. */
class DocumentReader {
  readonly positions: Positions = {};
  readonly problems: Problem[] = [];
  readonly start: Position;
  readonly #document: Document.Parsed;
  readonly #file: string;
  readonly #lines: LineCounter;
  readonly #dialect: YamlDialect;
  /** Filled in the order of the document; the parser's own look-up walks the whole document for every alias. */
  readonly #anchors = new Map<string, unknown>();
  #aliasDepth = 0;
  #aliasedValues = 0;

  constructor(document: Document.Parsed, file: string, lines: LineCounter, dialect: YamlDialect) {
    this.#document = document;
    this.#file = file;
    this.#lines = lines;
    this.#dialect = dialect;
    this.start = this.#at(document.contents);
  }

  read(): unknown {
    return this.#value(this.#document.contents, '', 0);
  }

  #value(node: unknown, path: string, depth: number): unknown {
    if (this.#aliasDepth > 0) this.#aliasedValues += 1;
    if (this.#aliasedValues > MAX_ALIASED_VALUES || depth > MAX_NESTING) {
      if (this.problems.length > 0) return null;
      if (depth > MAX_NESTING) this.problems.push(tooDeep(this.#at(node)));
      else
        this.#problem(
          'yaml-alias-bomb',
          `aliases make this document more than ${MAX_ALIASED_VALUES} values larger than it is written`,
          node,
        );
      return null;
    }
    if (isAlias(node)) return this.#aliased(node, path, depth);
    this.#remember(node);
    if (isMap(node)) return this.#map(node, path, depth);
    if (isSeq(node)) {
      return node.items.map((item, index) => {
        const itemPath = join(path, index);
        this.#place(itemPath, item);
        return this.#value(item, itemPath, depth + 1);
      });
    }
    return isScalar(node) ? this.#scalar(node) : null;
  }

  #remember(node: unknown): void {
    if (this.#aliasDepth === 0 && isNode(node) && !isAlias(node) && node.anchor)
      this.#anchors.set(node.anchor, node);
  }

  #aliased(node: Alias, path: string, depth: number): unknown {
    const target = this.#anchors.get(node.source);
    if (target === undefined) {
      this.#problem('yaml-syntax', 'this alias has no anchor before it', node);
      return null;
    }
    this.#aliasDepth += 1;
    // An anchor around its own alias would never end; the depth limit ends it.
    const value = this.#value(target, path, depth + 1);
    this.#aliasDepth -= 1;
    return value;
  }

  #map(
    node: { items: readonly { key: unknown; value: unknown }[] },
    path: string,
    depth: number,
  ): Record<string, unknown> {
    const own: Record<string, unknown> = {};
    const merged: Record<string, unknown> = {};
    // The parser's own check of unique keys compares each with each; a long map would take minutes.
    const seen = new Set<string>();
    for (const { key, value } of node.items) {
      const name = this.#key(key);
      if (name === null) continue;
      this.#remember(key);
      if (name === '<<' && isScalar(key) && key.type === 'PLAIN') {
        Object.assign(merged, this.#merge(value, path, depth));
        continue;
      }
      if (seen.has(name)) {
        this.#problem(
          'duplicate-key',
          `"${name.slice(0, 80)}" is already written in the same map`,
          key,
          'remove one of them',
        );
        continue;
      }
      seen.add(name);
      const fieldPath = join(path, name);
      this.#place(fieldPath, key);
      own[name] = this.#value(value, fieldPath, depth + 1);
    }
    return { ...merged, ...own };
  }

  /** `<<: *base` or `<<: [*first, *second]`; the first of a list wins. */
  #merge(node: unknown, path: string, depth: number): Record<string, unknown> {
    const sources = isSeq(node) ? [...node.items].reverse() : [node];
    const result: Record<string, unknown> = {};
    for (const source of sources) {
      const value = this.#value(source, path, depth + 1);
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) Object.assign(result, value);
      else if (this.problems.length === 0) this.#problem('yaml-syntax', '`<<` merges maps only', source);
    }
    return result;
  }

  #key(key: unknown): string | null {
    const value = isAlias(key) ? this.#anchors.get(key.source) : key;
    const name = isScalar(value) && value.value !== null ? String(value.value) : null;
    if (name === null || name === '__proto__') {
      this.#problem(
        'invalid-key',
        name === null ? 'a key must be a plain word' : 'this key is not allowed',
        key,
      );
      return null;
    }
    return name;
  }

  #scalar(node: { value: unknown; type?: string; source?: string }): unknown {
    const { value } = node;
    if (this.#dialect === 'kubernetes' && node.type === 'PLAIN' && typeof value === 'string') {
      if (/^(y|Y|yes|Yes|YES|on|On|ON)$/.test(value)) return true;
      if (/^(n|N|no|No|NO|off|Off|OFF)$/.test(value)) return false;
    }
    return typeof value === 'bigint' ? Number(value) : value;
  }

  #place(path: string, node: unknown): void {
    const { line, column } = this.#at(node);
    this.positions[path] = { line, column };
  }

  #at(node: unknown): Position {
    const range = (node as { range?: readonly number[] | null } | null)?.range;
    const { line, col } = this.#lines.linePos(range?.[0] ?? 0);
    return { file: this.#file, line: Math.max(line, 1), column: Math.max(col, 1) };
  }

  #problem(code: string, message: string, node: unknown, hint?: string): void {
    this.problems.push({ code, severity: 'error', message, ...(hint ? { hint } : {}), at: this.#at(node) });
  }
}

function join(path: string, key: string | number): string {
  return path === '' ? String(key) : `${path}.${key}`;
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

function tooDeep(at: Position): Problem {
  return {
    code: 'yaml-too-deep',
    severity: 'error',
    message: `nested deeper than ${MAX_NESTING} levels`,
    at,
  };
}

function unreadable(error: unknown, file: string): Problem {
  const message = error instanceof Error ? error.message : String(error);
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

function syntaxProblem(error: YAMLError, file: string, lines: LineCounter): Problem {
  const { line, col } = lines.linePos(error.pos[0]);
  const hint = HINTS[error.code];
  return {
    code: 'yaml-syntax',
    severity: 'error',
    message: error.message.slice(0, 200),
    ...(hint ? { hint } : {}),
    at: { file, line: Math.max(line, 1), column: Math.max(col, 1) },
  };
}
