/**
 * What a cluster says when an object of Istio is applied: first the API server (the kind's schema, its rules, and
 * kubectl's strict field check), then Istio's webhook. Kept apart, since each lets things pass that the other doesn't.
 */
import type { z } from 'zod';
import { objectSchema } from '../kubernetes-object.ts';
import type { Problem } from '../problem.ts';
import { checkValue } from '../schema-problems.ts';
import { placeOf, type YamlDocument } from '../yaml-source.ts';
import { checkAnnotations } from './annotation-checks.ts';
import { checkStructure, type StructureIssue } from './check-structure.ts';
import { crdKind } from './crd-schema.ts';
import { checkInlineKeys } from './key-warnings.ts';
import { unsetNulls } from './unset-nulls.ts';

/** What checks an object. */
export interface AdmissionChecks {
  group: string;
  kind: string;
  /** The webhook's view of the spec; null where this version doesn't have one. */
  webhook: z.ZodType | null;
}

export interface Admission {
  /** The head of the object, when it can be read. */
  object: z.infer<typeof objectSchema> | null;
  /** The spec as the webhook's schema reads it, its defaults filled in; without unknown fields. As stored, where it refuses. */
  spec: unknown;
  apiServer: Problem[];
  webhook: Problem[];
  /** What both take, and nobody should write. */
  warnings: Problem[];
  /** All of that, each fault once, in the order of the file. */
  problems: Problem[];
}

/** Judges one object. Its version must have been found to be served. */
export function admit(document: YamlDocument, { group, kind, webhook }: AdmissionChecks): Admission {
  const value = unsetNulls(document.value);
  const object = checkValue(objectSchema, document, value);
  const written = (value as { spec?: unknown }).spec;
  const definition = crdKind(group, kind);
  const missing = definition?.specRequired === true && written === undefined;
  const structure =
    definition && !missing
      ? checkStructure(definition.spec, written ?? {})
      : { issues: [], value: written ?? {} };
  const apiServer = [
    ...object.problems,
    ...structure.issues.map((issue) => structureProblem(issue, document)),
  ];
  if (missing) apiServer.push(missingSpec(kind, document));
  const warnings = checkInlineKeys(document);
  const annotations = checkAnnotations(document);
  // The webhook reads what the API server stored, and drops what it doesn't know, too.
  const stored = webhook && !missing ? checkValue(webhook, document, structure.value, ['spec']) : null;
  const refused = [
    ...object.problems.filter(({ code }) => code === 'wrong-type'),
    ...annotations,
    ...(stored?.problems ?? []),
  ];
  // For the writer a misspelt field is the fault, not what is missing without it: here the spec counts as written.
  const asWritten =
    webhook && structure.issues.some(({ code }) => code === 'unknown-key')
      ? checkValue(webhook, document, written ?? {}, ['spec']).problems
      : (stored?.problems ?? []);
  return {
    object: object.value,
    spec: stored?.value ?? structure.value,
    apiServer,
    webhook: refused,
    warnings,
    problems: inOrder([...annotations, ...asWritten, ...warnings], apiServer),
  };
}

function structureProblem({ path, code, message, hint }: StructureIssue, document: YamlDocument): Problem {
  const at = placeOf(document, ['spec', ...path]);
  const field = path.reduce<string>(
    (all, part) => (typeof part === 'number' ? `${all}[${part}]` : `${all}.${part}`),
    'spec',
  );
  return { code, severity: 'error', message, field, ...(hint ? { hint } : {}), at };
}

function missingSpec(kind: string, document: YamlDocument): Problem {
  return { code: 'missing-field', severity: 'error', message: `a ${kind} needs a spec`, at: document.at };
}

/** The API server's words only where the webhook has none: it says the same of many faults, with less of a way out. */
function inOrder(webhook: readonly Problem[], apiServer: readonly Problem[]): Problem[] {
  const place = ({ at }: Problem): string => `${at?.line}:${at?.column}`;
  const told = (problem: Problem): boolean => {
    const core = problem.message.slice(problem.message.lastIndexOf(': ') + 1).trim();
    return webhook.some((other) => place(other) === place(problem) || other.message.includes(core));
  };
  return [...webhook, ...apiServer.filter((problem) => !told(problem))].sort(
    (a, b) => (a.at?.line ?? 0) - (b.at?.line ?? 0) || (a.at?.column ?? 0) - (b.at?.column ?? 0),
  );
}
