/** Keys of a service that have no effect here, each with its line: what the table calls lost, and what it doesn't know. */
import type { ComposeServiceConfig } from './compose-config.ts';
import { SERVICE_KEYS } from './compose-keys.ts';
import type { ComposeSource } from './compose-source.ts';
import type { Problem } from '../problem.ts';

const TABLE = new Map(SERVICE_KEYS.map((row) => [row.key, row]));
/** `deploy`, `volumes.*.bind`: the table has keys below them. */
const PARENTS = new Set(
  SERVICE_KEYS.flatMap(({ key }) => {
    const words = key.split('.');
    return words.slice(1).map((_, index) => words.slice(0, index + 1).join('.'));
  }),
);

/** A key, or one value of it, that is told as lost. */
export function lostKey(
  source: ComposeSource,
  service: string,
  path: readonly (string | number)[],
  why: string,
  element?: string,
): Problem {
  return {
    code: 'compose-lost',
    severity: 'warning',
    message: `${service}: ${path.join('.')}${element === undefined ? '' : ` ${element}`} has no effect: ${why}`,
    at: source.serviceKey(service, path, element),
  };
}

export function lostKeys(service: string, config: ComposeServiceConfig, source: ComposeSource): Problem[] {
  const problems: Problem[] = [];
  const walk = (value: unknown, pattern: string, path: readonly (string | number)[]): void => {
    if (isNothing(value)) return;
    const row = TABLE.get(pattern);
    if (row?.fate === 'lost') {
      problems.push(lostKey(source, service, path, row.how));
      return;
    }
    if (PARENTS.has(pattern) && typeof value === 'object') {
      for (const [key, inner] of entries(value)) walk(inner, child(pattern, key), [...path, key]);
      return;
    }
    if (row === undefined) problems.push(lostKey(source, service, path, "this version doesn't know it"));
  };
  for (const [key, value] of Object.entries(config)) {
    if (!key.startsWith('x-')) walk(value, key, [key]);
  }
  return problems;
}

function entries(value: object | null): [string | number, unknown][] {
  return Array.isArray(value) ? [...value.entries()] : Object.entries(value ?? {});
}

/** The table's own words go before its `*`. */
function child(pattern: string, key: string | number): string {
  const named = `${pattern}.${key}`;
  const any = `${pattern}.*`;
  return !isKnown(named) && isKnown(any) ? any : named;
}

function isKnown(pattern: string): boolean {
  return TABLE.has(pattern) || PARENTS.has(pattern);
}

/** What the plugin prints for a key that says nothing. */
function isNothing(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === '') return true;
  return typeof value === 'object' && Object.values(value).every(isNothing);
}
