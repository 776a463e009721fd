/** Whether a cluster with Istio takes an object, and who refuses it why. */
import { admit } from './istio/admission.ts';
import { crdKind } from './istio/crd-schema.ts';
import { objectHeadSchema } from './kubernetes-object.ts';
import { kindSupport } from './policy-kinds.ts';
import type { Problem } from './problem.ts';
import { checkValue } from './schema-problems.ts';
import type { ValidationCase } from './validation-suite.ts';
import { placeOf, type YamlDocument } from './yaml-source.ts';

export interface ObjectVerdict {
  valid: boolean;
  /** Why it is refused. */
  errors: Problem[];
  /** What is accepted, and is no good for all that. */
  warnings: Problem[];
}

/** Judges the object of a case. */
export function judgeObject({ document, judge }: Pick<ValidationCase, 'document' | 'judge'>): ObjectVerdict {
  const head = checkValue(objectHeadSchema, document);
  if (!head.value) return { valid: false, errors: head.problems, warnings: [] };
  const { apiVersion, kind } = head.value;
  const slash = apiVersion.lastIndexOf('/');
  const group = apiVersion.slice(0, Math.max(slash, 0));
  const definition = crdKind(group, kind);
  if (!definition?.versions.includes(apiVersion.slice(slash + 1))) {
    const unknown = unserved(apiVersion, kind, document);
    // Nobody asks Istio about an object of a kind that it doesn't have.
    return judge === 'webhook'
      ? { valid: true, errors: [], warnings: [{ ...unknown, severity: 'warning' }] }
      : { valid: false, errors: [unknown], warnings: [] };
  }
  const support = kindSupport(group, kind);
  const schema = 'schema' in support ? support.schema : null;
  const { webhook, apiServer, warnings, problems } = admit(document, { group, kind, webhook: schema });
  // Of other kinds only the structure is known; then that is the verdict.
  if (judge === 'cluster' || !schema) {
    const errors = problems.filter(({ severity }) => severity === 'error');
    return { valid: errors.length === 0, errors, warnings };
  }
  if (webhook.length > 0) return { valid: false, errors: webhook, warnings: [] };
  return { valid: true, errors: [], warnings: [...apiServer.map(asWarning), ...warnings] };
}

function asWarning(problem: Problem): Problem {
  return { ...problem, severity: 'warning', message: `${problem.message}; only Istio's webhook takes it` };
}

function unserved(apiVersion: string, kind: string, document: YamlDocument): Problem {
  return {
    code: 'unknown-version',
    severity: 'error',
    message: `${apiVersion} has no ${kind} that Istio serves`,
    at: placeOf(document, ['apiVersion']),
  };
}
