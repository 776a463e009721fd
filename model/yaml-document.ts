/**
 * One parsed YAML document -> a plain value and the place of every field. Owns what the parser leaves open: aliases
 * that multiply, duplicate keys, keys that are no words, and how Kubernetes reads a bare `yes`.
 */
import { isAlias, isMap, isNode, isScalar, isSeq, type Alias, type Document, type LineCounter } from 'yaml';
import type { Position, Problem } from './problem.ts';
import { MAX_NESTING } from './yaml-nesting.ts';
import type { Positions, YamlDialect } from './yaml-source.ts';

/** Values that aliases may add to a document. The largest honest file we met adds a few hundred. */
const MAX_ALIASED_VALUES = 20_000;

/** Turns one parsed document into a value and its places; its problems are those that the parser doesn't know. */
export class DocumentReader {
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
    return this.#value(this.#document.contents, null, 0);
  }

  #value(node: unknown, path: string | null, depth: number): unknown {
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

  #aliased(node: Alias, path: string | null, depth: number): unknown {
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
    path: string | null,
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
  #merge(node: unknown, path: string | null, depth: number): Record<string, unknown> {
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

function join(path: string | null, key: string | number): string {
  return path === null ? String(key) : `${path}.${key}`;
}

/** Refused, whoever noticed. */
export function tooDeep(at: Position): Problem {
  return {
    code: 'yaml-too-deep',
    severity: 'error',
    message: `nested deeper than ${MAX_NESTING} levels`,
    at,
  };
}
