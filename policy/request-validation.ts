/**
 * RequestValidation, decided purely: limits and types are judged here, an OpenAPI document's operations are handed in
 * as compiled schemas. The cheapest checks come first; a document that isn't there lets nothing through.
 */
import type { Decision, RuleRef } from '../model/decision.ts';
import type { RequestValidationSpec } from '../model/greenroom/request-validation.ts';
import { type PolicyObject, positionOf } from '../model/policy-object.ts';
import type { HttpFacts, RequestFacts } from '../model/request-facts.ts';
import { trimBlanks } from '../wire/field-grammar.ts';
import type { CompiledClause } from './compiled-policy.ts';
import { matchesClause } from './match.ts';
import { compileRequestMatch } from './request-match.ts';
import { objectsInScope, type PolicyTarget } from './scope.ts';

/** One RequestValidation, plain JSON. */
export interface CompiledValidation {
  ref: RuleRef;
  match: readonly CompiledClause[];
  openapi: RequestValidationSpec['openapi'] | null;
  contentTypes: readonly string[] | null;
  limits: NonNullable<RequestValidationSpec['limits']>;
}

/** What came with the request, as far as it was read. */
export interface RequestBody {
  bytes: number;
  /** As JSON; undefined when it is empty or isn't JSON. */
  value?: unknown;
}

/** An OpenAPI document, compiled by whoever reads files. */
export interface Operations {
  find(method: string, path: string): FoundOperation;
}

export type FoundOperation =
  | { found: 'operation'; problems(request: HttpFacts, body: RequestBody): readonly string[] }
  | { found: 'path-unknown' }
  | { found: 'method-unknown'; allowed: readonly string[] };

/** What is wrong with a request: the answer's status, a stable reason, and a sentence for the event. */
export interface ValidationFault {
  status: 400 | 404 | 405 | 413 | 414 | 415 | 431 | 503;
  reason: string;
  message: string;
  headers: readonly (readonly [string, string])[];
}

/** The validations that apply to the workload, in the order given. */
export function compileValidations(
  objects: readonly PolicyObject[],
  target: PolicyTarget,
  rootNamespace: string,
): CompiledValidation[] {
  return objectsInScope<RequestValidationSpec>(objects, 'RequestValidation', target, rootNamespace).map(
    (object) => {
      const { namespace, name } = object.metadata;
      const at = positionOf(object, ['spec']);
      return {
        ref: { kind: object.kind, namespace, name, action: 'validation', rule: null, at } as const,
        match: compileRequestMatch(object.spec.match, object, ['spec', 'match']),
        openapi: object.spec.openapi ?? null,
        contentTypes: object.spec.contentTypes ?? null,
        limits: object.spec.limits ?? {},
      };
    },
  );
}

/** Under which key the validation's OpenAPI document is kept: files are relative to the policy's own. */
export function openapiKey({ openapi, ref }: Pick<CompiledValidation, 'openapi' | 'ref'>): string | null {
  return openapi ? `${ref.at.file} ${openapi.file}` : null;
}

/** The fault of the request, or null; `operations` is what `validation.openapi` names, null where it can't be read. */
export function validateRequest(
  validation: CompiledValidation,
  facts: RequestFacts,
  body: RequestBody,
  operations: Operations | null,
): ValidationFault | null {
  const { http } = facts;
  if (http === null || !validation.match.every((clause) => matchesClause(clause, facts))) return null;
  return (
    overLimit(validation.limits, http, body) ??
    wrongType(validation.contentTypes, http, body) ??
    wrongOperation(validation.openapi, http, body, operations)
  );
}

/** The decision that a fault is. */
export function refuseInvalid(
  validation: CompiledValidation,
  facts: RequestFacts,
  fault: ValidationFault,
): Decision {
  const decision = {
    verdict: 'deny',
    phase: 'validation',
    reason: fault.reason,
    matched: validation.ref,
    details: `greenroom_request_validation[${fault.reason}]`,
  } as const;
  if (facts.http?.protocol === 'grpc') return { ...decision, status: 200, body: '' };
  return { ...decision, status: fault.status, body: 'request validation failed' };
}

function overLimit(
  limits: CompiledValidation['limits'],
  http: HttpFacts,
  body: RequestBody,
): ValidationFault | null {
  const headerBytes = http.headers.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  const checks = [
    {
      limit: limits.pathBytes,
      got: http.path.length,
      status: 414,
      reason: 'path-too-long',
      what: 'bytes of path',
    },
    {
      limit: limits.headers,
      got: http.headers.length,
      status: 431,
      reason: 'too-many-headers',
      what: 'headers',
    },
    {
      limit: limits.headerBytes,
      got: headerBytes,
      status: 431,
      reason: 'headers-too-large',
      what: 'bytes of headers',
    },
    {
      limit: limits.bodyBytes,
      got: body.bytes,
      status: 413,
      reason: 'body-too-large',
      what: 'bytes of body',
    },
  ] as const;
  for (const { limit, got, status, reason, what } of checks) {
    if (limit !== undefined && got > limit)
      return fault(status, reason, `${got} ${what}, at most ${limit} are taken`);
  }
  return null;
}

/** A body must say what it is; a request without one needn't. Two Content-Types are none. */
function wrongType(
  wanted: CompiledValidation['contentTypes'],
  http: HttpFacts,
  body: RequestBody,
): ValidationFault | null {
  if (wanted === null || body.bytes === 0) return null;
  const sent = http.headers.filter(([name]) => name === 'content-type').map(([, value]) => value);
  const type = sent.length === 1 ? mediaType(sent[0] ?? '') : null;
  const taken = wanted.some(
    (one) => one === type || (one.endsWith('/*') && type?.startsWith(one.slice(0, -1)) === true),
  );
  if (taken) return null;
  const got = sent.length === 0 ? 'no content-type' : sent.join(' and ');
  return fault(415, 'content-type', `${got}; taken are ${wanted.join(', ')}`);
}

function mediaType(value: string): string {
  const end = value.indexOf(';');
  return trimBlanks(end < 0 ? value : value.slice(0, end)).toLowerCase();
}

function wrongOperation(
  openapi: CompiledValidation['openapi'],
  http: HttpFacts,
  body: RequestBody,
  operations: Operations | null,
): ValidationFault | null {
  if (!openapi) return null;
  if (operations === null) return fault(503, 'schemas-unavailable', `${openapi.file} can't be read`);
  const query = http.path.indexOf('?');
  const found = operations.find(http.method, query < 0 ? http.path : http.path.slice(0, query));
  if (found.found === 'operation') {
    const problems = found.problems(http, body);
    return problems.length === 0 ? null : fault(400, 'request-invalid', problems.join('; '));
  }
  if (openapi.unknownOperations === 'allow') return null;
  if (found.found === 'path-unknown') return fault(404, 'path-unknown', `${openapi.file} has no such path`);
  const allow = found.allowed.join(', ');
  const unknown = fault(405, 'method-unknown', `${openapi.file} has no ${http.method} here, only ${allow}`);
  return { ...unknown, headers: [['allow', allow]] };
}

function fault(status: ValidationFault['status'], reason: string, message: string): ValidationFault {
  return { status, reason, message, headers: [] };
}
