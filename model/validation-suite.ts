/**
 * ValidationSuite files: objects with the verdict that Istio's validation is expected to have of them. A file of plain
 * Kubernetes objects is one, too: each must be taken by the cluster, except those with an `_err`.
 */
import { z } from 'zod';
import { documentsWithin } from './policy-file.ts';
import { objectHeadSchema } from './kubernetes-object.ts';
import type { Parsed, Position } from './problem.ts';
import { checkValue } from './schema-problems.ts';
import { readYaml, type YamlDocument } from './yaml-source.ts';

export const validationSuiteSchema = z.looseObject({
  apiVersion: z.literal('greenroom.dev/v1'),
  kind: z.literal('ValidationSuite'),
  metadata: z.looseObject({ name: z.string().min(1) }),
  spec: z.looseObject({
    cases: z
      .array(
        z.looseObject({
          id: z.string().min(1),
          object: z.record(z.string(), z.unknown()),
          expect: z.looseObject({
            valid: z.boolean(),
            error: z.string().optional().describe("Istio's own words."),
          }),
        }),
      )
      .min(1),
  }),
});

export interface ValidationCase {
  id: string;
  /** The object alone, with its places in the file. */
  document: YamlDocument;
  at: Position;
  expected: { valid: boolean; error: string | null };
  /** `webhook`: istiod alone judges, as in suites whose verdicts were observed there. */
  judge: 'webhook' | 'cluster';
}

/** The cases of a file, in its order. */
export function parseValidationSuite(text: string, file: string): Parsed<ValidationCase[]> {
  const { documents, problems } = readYaml(text, file, 'kubernetes');
  if (problems.length > 0) return { value: null, problems };
  const cases: ValidationCase[] = [];
  for (const document of documents) {
    const head = checkValue(objectHeadSchema, document);
    if (!head.value) return { value: null, problems: head.problems };
    if (head.value.kind === 'ValidationSuite') {
      const suite = checkValue(validationSuiteSchema, document);
      if (!suite.value) return { value: null, problems: suite.problems };
      cases.push(...suiteCases(suite.value, document));
    } else cases.push(plainCase(document, cases.length));
  }
  if (cases.length > 0) return { value: cases, problems: [] };
  const at = { file, line: 1, column: 1 };
  return {
    value: null,
    problems: [{ code: 'empty-file', severity: 'error', message: 'the file holds no objects', at }],
  };
}

function suiteCases(
  { spec }: z.infer<typeof validationSuiteSchema>,
  document: YamlDocument,
): ValidationCase[] {
  const listed = documentsWithin(document, ['spec', 'cases'], spec.cases);
  return listed.flatMap((one, index): ValidationCase[] => {
    const written = spec.cases[index];
    if (!written) return [];
    const { id, expect } = written;
    const object = fieldOf(one, 'object', written.object);
    const expected = { valid: expect.valid, error: expect.error ?? null };
    return [{ id, document: object, at: object.at, expected, judge: 'webhook' }];
  });
}

/** The value of one field, as a document of its own. */
function fieldOf(document: YamlDocument, field: string, value: unknown): YamlDocument {
  const prefix = `${field}.`;
  const positions = Object.entries(document.positions).flatMap(([path, place]) =>
    path.startsWith(prefix) ? [[path.slice(prefix.length), place] as const] : [],
  );
  const start = document.positions[field];
  const at = start ? { file: document.file, ...start } : document.at;
  return { file: document.file, value, at, positions: Object.fromEntries(positions) };
}

function plainCase(document: YamlDocument, index: number): ValidationCase {
  const { _err: error, ...object } = document.value as Record<string, unknown>;
  const { metadata } = object as { metadata?: { name?: unknown } };
  const name = typeof metadata?.name === 'string' ? metadata.name : String(index);
  return {
    id: name,
    document: { ...document, value: object },
    at: document.at,
    expected: { valid: error === undefined, error: error === undefined ? null : String(error) },
    judge: 'cluster',
  };
}
