/** RequestValidations of a port, asked about one request: what must be read of its body, and what is wrong with it. */
import type { Decision, Explanation } from '../../model/decision.ts';
import type { HeaderList, RequestFacts } from '../../model/request-facts.ts';
import {
  type CompiledValidation,
  openapiKey,
  refuseInvalid,
  type RequestBody,
  validateRequest,
} from '../../policy/request-validation.ts';
import { decisionOf } from '../error-table.ts';
import { explainAfterPolicies } from '../explain-after-policies.ts';
import type { InForce } from '../in-force.ts';

/** What is to be done before a request that the policies let through goes on. */
export interface PendingValidation {
  /** So much of the body is read at most; a longer one is refused. null = it needn't be read. */
  mostBytes: number | null;
  /** What is wrong, or null. */
  check(body: RequestBody): InvalidRequest | null;
}

export interface InvalidRequest {
  decision: Decision;
  /** A sentence for the event. */
  message: string;
  headers: HeaderList;
}

/** How a request that isn't what it must be is answered. */
export interface Refusal {
  kind: 'invalid';
  decision: Decision;
  explanation: Explanation;
  headers: HeaderList;
}

/** null: more came than was to be read, and yet nothing is wrong with it. */
export function refusalOf(invalid: InvalidRequest | null): Refusal {
  const decision = invalid?.decision ?? decisionOf('internal-error');
  const sentence = `Policies let it pass; ${invalid?.message ?? 'too long'}.`;
  return {
    kind: 'invalid',
    decision,
    explanation: explainAfterPolicies(decision, sentence),
    headers: invalid?.headers ?? [],
  };
}

/** Without a limit of its own a validation that reads bodies reads so much. */
const DEFAULT_BODY_BYTES = 1024 * 1024;

/** null where there is nothing to validate. */
export function pendingValidation(
  validations: readonly CompiledValidation[],
  facts: RequestFacts,
  inForce: InForce,
): PendingValidation | null {
  if (validations.length === 0) return null;
  return {
    mostBytes: mostBytes(validations),
    check: (body) => {
      for (const validation of validations.map(bounded)) {
        const key = openapiKey(validation);
        const operations = key === null ? null : inForce.operations(key);
        const fault = validateRequest(validation, facts, body, operations);
        if (fault !== null) {
          const { message, headers } = fault;
          return { decision: refuseInvalid(validation, facts, fault), message, headers };
        }
      }
      return null;
    },
  };
}

/** A body that must be read has a limit, written or not. */
function bounded(validation: CompiledValidation): CompiledValidation {
  const { openapi, contentTypes, limits } = validation;
  if (limits.bodyBytes !== undefined || (openapi === null && contentTypes === null)) return validation;
  return { ...validation, limits: { ...limits, bodyBytes: DEFAULT_BODY_BYTES } };
}

function mostBytes(validations: readonly CompiledValidation[]): number | null {
  const reading = validations.filter(
    ({ openapi, contentTypes, limits }) =>
      openapi !== null || contentTypes !== null || limits.bodyBytes !== undefined,
  );
  if (reading.length === 0) return null;
  return Math.min(...reading.map(({ limits }) => limits.bodyBytes ?? DEFAULT_BODY_BYTES));
}
