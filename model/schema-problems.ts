/**
 * zod's issues -> `Problem`s with the place in the file, a stable code and a way out. The message says what stands
 * there and what should; never "invalid input".
 */
import type { z } from 'zod';
import { closest } from './closest.ts';
import type { Problem } from './problem.ts';
import { knownKeys, valueAt } from './schema-walk.ts';
import { placeOf, type YamlDocument } from './yaml-source.ts';

type Issue = z.core.$ZodIssue;

/** Checks `value` (the document's own, or a changed copy of it) and returns what the schema makes of it. */
export function checkValue<Schema extends z.ZodType>(
  schema: Schema,
  document: YamlDocument,
  value: unknown = document.value,
  prefix: readonly PropertyKey[] = [],
): { value: z.output<Schema> | null; problems: Problem[] } {
  const result = schema.safeParse(value);
  if (result.success) return { value: result.data, problems: [] };
  const context = { schema, document, value, prefix };
  const problems = withoutEchoes(result.error.issues).flatMap((issue) => {
    const found = issueProblems(issue, context);
    // Part of a larger object: the message alone wouldn't say which.
    const field = prefix.length > 0 ? name([...prefix, ...issue.path]) : null;
    return field === null ? found : found.map((problem) => ({ ...problem, field }));
  });
  return { value: null, problems: problems.sort(byPlace) };
}

/**
 * A misspelt key also makes its map look empty or incomplete to the schema's own checks; the key is the fault.
 */
function withoutEchoes(issues: readonly Issue[]): Issue[] {
  const misspelt = issues.filter((issue) => issue.code === 'unrecognized_keys').map((issue) => issue.path);
  const isEcho = (path: readonly PropertyKey[]): boolean =>
    misspelt.some((of) => startsWith(of, path) || (startsWith(path, of) && path.length === of.length + 1));
  return issues.filter((issue) => issue.code !== 'custom' || !isEcho(issue.path));
}

function startsWith(path: readonly PropertyKey[], start: readonly PropertyKey[]): boolean {
  return start.every((part, index) => path[index] === part);
}

function byPlace(a: Problem, b: Problem): number {
  return (a.at?.line ?? 0) - (b.at?.line ?? 0) || (a.at?.column ?? 0) - (b.at?.column ?? 0);
}

interface IssueContext {
  schema: z.ZodType;
  document: YamlDocument;
  value: unknown;
  /** Path of `value` within the document. */
  prefix: readonly PropertyKey[];
}

function issueProblems(issue: Issue, context: IssueContext): Problem[] {
  const at = placeOf(context.document, [...context.prefix, ...issue.path]);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(key, issue.path, context));
    case 'invalid_union':
      // Told apart by one field, whose value fits none.
      if ('options' in issue && issue.options !== undefined)
        return [valueProblem(issue.options, issue.path, context)];
      return unionProblems(issue, context);
    case 'invalid_key':
    case 'invalid_element':
      return issue.issues.slice(0, 1).map((inner) => ({
        code: 'invalid-value',
        severity: 'error',
        message: `${name(issue.path)}: ${inner.message}`,
        at,
      }));
    case 'invalid_type':
      return [typeProblem(issue.expected, issue.path, context)];
    case 'invalid_value':
      return [valueProblem(issue.values, issue.path, context)];
    case 'custom': {
      const { code, hint } = (issue.params ?? {}) as { code?: string; hint?: string };
      return [
        {
          code: code ?? 'invalid-value',
          severity: 'error',
          message: code ? issue.message : `${name(issue.path)}: ${issue.message}`,
          ...(hint ? { hint } : {}),
          at,
        },
      ];
    }
    default:
      return [
        {
          code: 'invalid-value',
          severity: 'error',
          message: `${name(issue.path)}: ${lowerFirst(issue.message)}`,
          at,
        },
      ];
  }
}

function unknownKey(key: string, path: readonly PropertyKey[], context: IssueContext): Problem {
  const known = knownKeys(context.schema, path, context.value);
  const near = closest(key, known);
  const hint = near
    ? `did you mean ${near}?`
    : known.length > 0 && known.length <= 14
      ? `known here: ${known.join(', ')}`
      : undefined;
  return {
    code: 'unknown-key',
    severity: 'error',
    message: `unknown key "${key.slice(0, 80)}"${path.length > 0 ? ` in ${name(path)}` : ''}`,
    ...(hint ? { hint } : {}),
    at: placeOf(context.document, [...context.prefix, ...path, key]),
  };
}

/** Of several shapes, the one that the writer most likely meant: the fewest complaints about its own fields. */
function unionProblems(issue: Extract<Issue, { code: 'invalid_union' }>, context: IssueContext): Problem[] {
  const branches = issue.errors.map((issues) => ({
    issues,
    cost: issues.reduce((sum, inner) => sum + mismatchCost(inner), 0),
  }));
  const wrongShape = branches.every(
    ({ issues }) => issues.length === 1 && issues[0]?.path.length === 0 && issues[0].code === 'invalid_type',
  );
  if (wrongShape) {
    const expected = branches.map(({ issues }) =>
      issues[0]?.code === 'invalid_type' ? issues[0].expected : '',
    );
    return [typeProblem([...new Set(expected)].join(' or '), issue.path, context)];
  }
  const best = branches.sort((a, b) => a.cost - b.cost)[0];
  return (best?.issues ?? []).flatMap((inner) =>
    issueProblems({ ...inner, path: [...issue.path, ...inner.path] }, context),
  );
}

/** A whole other shape weighs most, then missing and unknown fields, then what is wrong further inside. */
function mismatchCost(issue: Issue): number {
  if (issue.path.length === 0) return issue.code === 'unrecognized_keys' ? 10 : 1000;
  return issue.path.length === 1 ? 10 : 1;
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  object: 'a map',
  record: 'a map',
  array: 'a list',
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

function typeProblem(expected: string, path: readonly PropertyKey[], context: IssueContext): Problem {
  const found = valueAt(context.value, path);
  const at = placeOf(context.document, [...context.prefix, ...path]);
  const wanted = expected
    .split(' or ')
    .map((word) => TYPE_WORDS[word] ?? word)
    .join(' or ');
  if (found === undefined)
    return { code: 'missing-field', severity: 'error', message: `${name(path)} is missing: ${wanted}`, at };
  const scalar = typeof found === 'number' || typeof found === 'boolean';
  const hint = expected === 'string' && scalar ? `put it in quotes: "${String(found)}"` : undefined;
  return {
    code: 'wrong-type',
    severity: 'error',
    message: `${name(path)} must be ${wanted}, not ${describe(found)}`,
    ...(hint ? { hint } : {}),
    at,
  };
}

function valueProblem(
  values: readonly unknown[],
  path: readonly PropertyKey[],
  context: IssueContext,
): Problem {
  const found = valueAt(context.value, path);
  const at = placeOf(context.document, [...context.prefix, ...path]);
  const wanted = values.map(String).join(', ');
  if (found === undefined)
    return { code: 'missing-field', severity: 'error', message: `${name(path)} is missing: ${wanted}`, at };
  const near = typeof found === 'string' ? closest(found, values.map(String)) : null;
  const options = values.length > 1 ? `one of ${wanted}` : wanted;
  // A long list isn't worth reading when the hint already says the word.
  const message =
    near && values.length > 8
      ? `${name(path)} can't be ${describe(found)}`
      : `${name(path)} must be ${options}, not ${describe(found)}`;
  return {
    code: 'invalid-value',
    severity: 'error',
    message,
    ...(near ? { hint: `did you mean ${near}?` } : {}),
    at,
  };
}

function describe(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  return typeof value === 'string' ? `"${value.slice(0, 60)}"` : String(value);
}

/** `spec.rules[0].from`. */
function name(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'this document';
  return path
    .map((part, index) =>
      typeof part === 'number' ? `[${part}]` : `${index > 0 ? '.' : ''}${String(part).slice(0, 80)}`,
    )
    .join('');
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
