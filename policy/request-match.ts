/** The requests that one of Greenroom's own kinds is about: hosts, methods and paths, as an operation has them. */
import type { RequestMatch } from '../model/greenroom/values.ts';
import { type PolicyObject, positionOf } from '../model/policy-object.ts';
import type { CompiledClause } from './compiled-policy.ts';
import { OPERATION_FIELDS } from './fields.ts';

/** Clauses that must all hold; none = every request. `path` is where the match stands in the object. */
export function compileRequestMatch(
  match: RequestMatch | undefined,
  object: PolicyObject,
  path: readonly (string | number)[],
): CompiledClause[] {
  return Object.entries(match ?? {}).flatMap(([name, wanted]: [string, readonly string[] | undefined]) => {
    const field = OPERATION_FIELDS.get(name);
    if (field === undefined || wanted === undefined) return [];
    const context = { policyNamespace: object.metadata.namespace, trustDomains: [] };
    const values = wanted.flatMap((value) => field.compile(value, context) ?? []);
    const at = positionOf(object, [...path, name]);
    const { attribute, header } = field;
    return [{ field: `match.${name}`, attribute, header, negated: false, wanted, values, at, dropped: null }];
  });
}
