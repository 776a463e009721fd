/**
 * Whether the API server takes a spec: types, bounds, fields that exclude each other, rules, unknown fields. It says
 * what is wrong and returns the spec as the API server stores it, without the fields that nobody knows.
 */
import { closest } from '../closest.ts';
import { CRD_RULES, type CrdRule } from './crd-rules.ts';
import { resolvePart, type CrdSchema } from './crd-schema.ts';

export interface StructureIssue {
  /** Within the spec. */
  path: readonly (string | number)[];
  code: string;
  message: string;
  hint?: string;
}

export interface Structure {
  issues: StructureIssue[];
  /** Without unknown fields. */
  value: unknown;
}

type Path = readonly (string | number)[];
type Fields = Readonly<Record<string, unknown>>;

/** Checks a spec against the schema of its kind. Fields that are `null` must be left out before. */
export function checkStructure(schema: CrdSchema, spec: unknown): Structure {
  const issues: StructureIssue[] = [];
  return { value: check(schema, spec, [], issues), issues };
}

function check(written: CrdSchema, value: unknown, path: Path, issues: StructureIssue[]): unknown {
  const schema = resolvePart(written);
  if (value === null && schema.nullable) return value;
  const actual = typeOf(value);
  if (schema.type && actual !== schema.type && !(schema.type === 'number' && actual === 'integer')) {
    issues.push(wrongType(schema.type, value, path));
    return value;
  }
  const before = issues.length;
  let result = value;
  if (Array.isArray(value)) result = checkItems(schema, value, path, issues);
  else if (actual === 'object') result = checkFields(schema, value as Fields, path, issues);
  else checkScalar(schema, value, path, issues);
  // Rules rely on the structure; a misspelt key would also make them complain about what isn't there.
  if (issues.length === before) checkRules(schema, result, path, issues);
  return result;
}

function checkItems(
  schema: CrdSchema,
  value: readonly unknown[],
  path: Path,
  issues: StructureIssue[],
): unknown {
  bounds('entries', value.length, schema.minItems, schema.maxItems, path, issues);
  if (schema.uniqueBy) checkUnique(schema.uniqueBy, value, path, issues);
  const { items } = schema;
  return items ? value.map((item, index) => check(items, item, [...path, index], issues)) : value;
}

function checkUnique(
  keys: readonly string[],
  value: readonly unknown[],
  path: Path,
  issues: StructureIssue[],
): void {
  const seen = new Set<string>();
  for (const [index, item] of value.entries()) {
    const id = JSON.stringify(keys.map((key) => (item as Fields | null)?.[key]));
    if (seen.has(id)) {
      const at = [...path, index];
      const message = `${name(at)}: an element with the same ${keys.join(' and ')} stands before`;
      issues.push({ path: at, code: 'duplicate-element', message });
    }
    seen.add(id);
  }
}

function checkFields(schema: CrdSchema, value: Fields, path: Path, issues: StructureIssue[]): unknown {
  const result: Record<string, unknown> = {};
  const { properties = {}, values } = schema;
  bounds('entries', Object.keys(value).length, schema.minProperties, schema.maxProperties, path, issues);
  for (const [key, field] of Object.entries(value)) {
    const known = Object.hasOwn(properties, key) ? properties[key] : values;
    if (known) result[key] = check(known, field, [...path, key], issues);
    else if (schema.anything) result[key] = field;
    else issues.push(unknownKey(key, Object.keys(properties), path));
  }
  for (const key of schema.required ?? []) {
    if (!Object.hasOwn(value, key))
      issues.push({
        path: [...path, key],
        code: 'missing-field',
        message: `${name([...path, key])} is missing`,
      });
  }
  for (const alternatives of schema.atMostOne ?? []) {
    const set = alternatives.filter((key) => Object.hasOwn(value, key));
    const [, second] = set;
    if (second === undefined) continue;
    const message = `${inside(path)}only one of ${set.join(' and ')} can be set`;
    issues.push({ path: [...path, second], code: 'invalid-value', message });
  }
  return result;
}

function checkScalar(schema: CrdSchema, value: unknown, path: Path, issues: StructureIssue[]): void {
  if (schema.enum && !schema.enum.includes(String(value))) {
    const near = closest(String(value), schema.enum);
    issues.push({
      path,
      code: 'invalid-value',
      message: `${name(path)} must be one of ${schema.enum.join(', ')}, not ${describe(value)}`,
      ...(near ? { hint: `did you mean ${near}?` } : {}),
    });
  }
  if (typeof value === 'number') bounds('', value, schema.minimum, schema.maximum, path, issues);
  if (typeof value !== 'string') return;
  const before = issues.length;
  bounds('characters', [...value].length, schema.minLength, schema.maxLength, path, issues);
  // A pattern is tried on texts of bounded length only.
  if (issues.length > before) return;
  if (schema.pattern && !new RegExp(schema.pattern, 'u').test(value))
    issues.push({ path, code: 'invalid-value', message: `${name(path)} can't be ${describe(value)}` });
  if (schema.format === 'byte' && !isBase64(value))
    issues.push({ path, code: 'invalid-value', message: `${name(path)} is not base64` });
}

function checkRules(schema: CrdSchema, value: unknown, path: Path, issues: StructureIssue[]): void {
  for (const id of schema.rules ?? []) {
    const rule = Object.hasOwn(CRD_RULES, id) ? CRD_RULES[id] : undefined;
    if (!rule) throw new Error(`no check is called ${id}`);
    const { message, hint } = rule;
    for (const at of broken(rule, value, path)) {
      const text = `${name(at)}: ${message}`;
      issues.push({ path: at, code: 'invalid-value', message: text, ...(hint ? { hint } : {}) });
    }
  }
}

/** Where a rule doesn't hold: at the value itself, or at its keys. */
function broken(rule: CrdRule, value: unknown, path: Path): Path[] {
  if ('holds' in rule) return rule.holds(value) ? [] : [path];
  const keys = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  return keys.filter((key) => !rule.holdsForKey(key)).map((key) => [...path, key]);
}

function bounds(
  unit: string,
  size: number,
  least: number | undefined,
  most: number | undefined,
  path: Path,
  issues: StructureIssue[],
): void {
  const what = unit ? `${name(path)} must have` : `${name(path)} must be`;
  const tail = unit ? ` ${unit}, not ${size}` : `, not ${size}`;
  if (least !== undefined && size < least)
    issues.push({ path, code: 'invalid-value', message: `${what} at least ${least}${tail}` });
  if (most !== undefined && size > most)
    issues.push({ path, code: 'invalid-value', message: `${what} at most ${most}${tail}` });
}

function unknownKey(key: string, known: readonly string[], path: Path): StructureIssue {
  const near = closest(key, known);
  const hint = near
    ? `did you mean ${near}?`
    : known.length > 0 && known.length <= 14
      ? `known here: ${known.join(', ')}`
      : null;
  return {
    path: [...path, key],
    code: 'unknown-key',
    message: `unknown key "${key.slice(0, 80)}"${path.length > 0 ? ` in ${name(path)}` : ''}`,
    ...(hint ? { hint } : {}),
  };
}

const WORDS: Readonly<Record<string, string>> = {
  object: 'a map',
  array: 'a list',
  string: 'a string',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
};

function wrongType(wanted: string, value: unknown, path: Path): StructureIssue {
  const scalar = typeof value === 'number' || typeof value === 'boolean';
  return {
    path,
    code: 'wrong-type',
    message: `${name(path)} must be ${WORDS[wanted] ?? wanted}, not ${describe(value)}`,
    ...(wanted === 'string' && scalar ? { hint: `put it in quotes: "${String(value)}"` } : {}),
  };
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isSafeInteger(value) ? 'integer' : typeof value;
}

function describe(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  return typeof value === 'string' ? `"${value.slice(0, 60)}"` : String(value);
}

/** `rules[0].from`. */
function name(path: Path): string {
  if (path.length === 0) return 'spec';
  return path
    .map((part, index) =>
      typeof part === 'number' ? `[${part}]` : `${index > 0 ? '.' : ''}${part.slice(0, 80)}`,
    )
    .join('');
}

const inside = (path: Path): string => (path.length > 0 ? `${name(path)}: ` : '');

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}
