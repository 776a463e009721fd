/**
 * A Kubernetes object that policies are made of, as written, with the place of every field.
 * `spec` has passed the zod schema of its kind (or is of a kind listed under `ignore`).
 */
import type { Position } from './problem.ts';

export interface PolicyObject<Spec = unknown> {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace: string;
    annotations: Readonly<Record<string, string>>;
    labels: Readonly<Record<string, string>>;
    /** ISO 8601; absent in files that were never applied. */
    creationTimestamp?: string;
  };
  spec: Spec;
  /** The spec before its schema filled in defaults, for who must tell a missing field from an empty one. */
  written?: unknown;
  /** Where the document starts. */
  at: Position;
  /**
   * Place of a field, by its path within the document (`['spec','rules',0,'from',0]`); the nearest known
   * ancestor where the field itself isn't written. Plain data (a map by JSON path), so that it crosses threads.
   */
  positions: Readonly<Record<string, { line: number; column: number }>>;
}

/** The place of `path` in `object`, or of its nearest ancestor that was written. */
export function positionOf(object: PolicyObject, path: readonly (string | number)[]): Position {
  for (let length = path.length; length > 0; length -= 1) {
    const key = path.slice(0, length).join('.');
    const found = Object.hasOwn(object.positions, key) ? object.positions[key] : undefined;
    if (found) return { file: object.at.file, line: found.line, column: found.column };
  }
  return object.at;
}
