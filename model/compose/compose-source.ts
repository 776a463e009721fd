/**
 * The user's own Compose files, for places: the merged result of `docker compose config` has no lines. A key is looked
 * for in the file that has the last word, then in the others, then in what a service extends.
 */
import type { VariableSource } from '../container.ts';
import type { Position } from '../problem.ts';
import { placeOf, type YamlDocument } from '../yaml-source.ts';
import { given } from './given.ts';

export class ComposeSource {
  readonly #documents: readonly YamlDocument[];
  readonly #main: Position;
  readonly #envFiles: ReadonlyMap<string, readonly string[]>;

  /**
   * `documents`: the one that has the last word first. `file`: shown where nothing else is known. `envFiles`: absolute,
   * where the variables of a document are looked for, by its `file`.
   */
  constructor(
    documents: readonly YamlDocument[],
    file: string,
    envFiles: ReadonlyMap<string, readonly string[]> = new Map(),
  ) {
    this.#documents = documents;
    this.#main = { file, line: 1, column: 1 };
    this.#envFiles = envFiles;
  }

  /** Place of a key of a service, or of what holds it. `element` = the entry of a list with this value. */
  serviceKey(service: string, path: readonly PropertyKey[], element?: string): Position {
    const names = this.#lineage(service);
    for (let length = path.length; length >= 0; length -= 1) {
      for (const name of names) {
        const found = this.#find(['services', name, ...path.slice(0, length)], element);
        if (found) return found;
      }
    }
    return this.#main;
  }

  /** Place of a top-level entry, as `['volumes', 'data', 'external']`. */
  entry(path: readonly PropertyKey[]): Position {
    for (let length = path.length; length > 0; length -= 1) {
      const found = this.#find(path.slice(0, length));
      if (found) return found;
    }
    return this.#main;
  }

  /** The variable that a secret or config is the value of, with the env files of the document that says so. */
  variableSource(kind: 'secrets' | 'configs', name: string, variable: string): VariableSource {
    const envFiles = this.#envFiles.get(this.entry([kind, name, 'environment']).file);
    return { variable, ...given({ envFiles }) };
  }

  /** Place of the first value that a variable is written in, `${NAME}` or `$NAME`. */
  variable(name: string): Position {
    const written = new RegExp(String.raw`(?<!\$)\$(?:\{${name}\b|${name}\b)`);
    for (const document of this.#documents) {
      const path = pathOf(document.value, (text) => written.test(text));
      if (path) return placeOf(document, path);
    }
    return this.#main;
  }

  #find(path: readonly PropertyKey[], element?: string): Position | null {
    for (const document of this.#documents) {
      const value = valueAt(document.value, path);
      if (value === undefined) continue;
      const index = element !== undefined && Array.isArray(value) ? value.indexOf(element) : -1;
      return placeOf(document, index < 0 ? path : [...path, index]);
    }
    return null;
  }

  /** The service, and what it extends. */
  #lineage(service: string): string[] {
    const names = [service];
    for (const name of names) {
      for (const document of this.#documents) {
        const base = valueAt(document.value, ['services', name, 'extends']);
        const next = typeof base === 'string' ? base : valueAt(base, ['service']);
        if (typeof next === 'string' && !names.includes(next)) names.push(next);
      }
    }
    return names;
  }
}

/** Undefined where a part of the path isn't there. */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let found = value;
  for (const key of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as Record<PropertyKey, unknown>)[key];
  }
  return found;
}

/** Path of the first text that fits, depth first. */
function pathOf(value: unknown, fits: (text: string) => boolean): PropertyKey[] | null {
  if (typeof value === 'string') return fits(value) ? [] : null;
  if (typeof value !== 'object' || value === null) return null;
  for (const [key, inner] of Object.entries(value)) {
    const path = pathOf(inner, fits);
    if (path) return [key, ...path];
  }
  return null;
}
