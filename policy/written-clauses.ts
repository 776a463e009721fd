/** The clauses of a rule as written, each value with its place: for lints that are about a value, not about a match. */
import type { AuthorizationRule } from '../model/istio/authorization-policy.ts';
import { type PolicyObject, positionOf } from '../model/policy-object.ts';
import type { Position } from '../model/problem.ts';
import { splitNegation } from './fields.ts';

export interface WrittenValue {
  text: string;
  at: Position;
}

export interface WrittenClause {
  part: 'from' | 'to' | 'when';
  /** Which alternative of `from` or `to`, which condition of `when`. */
  alternative: number;
  /** `principals`, `paths`, or the key of a condition; without its `not`. */
  name: string;
  negated: boolean;
  values: readonly WrittenValue[];
  /** Of the field's key: `notPaths`, `values`. */
  at: Position;
  /** Of the `source`, the `operation` or the condition it stands in. */
  within: Position;
}

/** Every list of values of a rule, in the order written. */
export function writtenClauses(
  object: PolicyObject,
  rule: AuthorizationRule,
  index: number,
): WrittenClause[] {
  const path = ['spec', 'rules', index];
  const clauses: WrittenClause[] = [];
  const add = (
    head: Pick<WrittenClause, 'part' | 'alternative' | 'name' | 'negated'>,
    within: readonly (string | number)[],
    field: string,
    values: readonly string[] | undefined,
  ): void => {
    if (!values || values.length === 0) return;
    clauses.push({
      ...head,
      values: values.map((text, at) => ({ text, at: positionOf(object, [...within, field, at]) })),
      at: positionOf(object, [...within, field]),
      within: positionOf(object, within),
    });
  };
  for (const [alternative, { source }] of (rule.from ?? []).entries()) {
    for (const [field, values] of Object.entries(source ?? {}))
      add(
        { part: 'from', alternative, ...splitNegation(field) },
        [...path, 'from', alternative, 'source'],
        field,
        values,
      );
  }
  for (const [alternative, { operation }] of (rule.to ?? []).entries()) {
    for (const [field, values] of Object.entries(operation ?? {}))
      add(
        { part: 'to', alternative, ...splitNegation(field) },
        [...path, 'to', alternative, 'operation'],
        field,
        values,
      );
  }
  for (const [alternative, { key, values, notValues }] of (rule.when ?? []).entries()) {
    const within = [...path, 'when', alternative];
    add({ part: 'when', alternative, name: key, negated: false }, within, 'values', values);
    add({ part: 'when', alternative, name: key, negated: true }, within, 'notValues', notValues);
  }
  return clauses;
}

/** The field of `source` that a condition's key repeats. */
const FIELD_OF_KEY: Readonly<Record<string, string>> = {
  'source.principal': 'principals',
  'source.namespace': 'namespaces',
  'source.serviceAccount': 'serviceAccounts',
  'source.trustDomain': 'trustDomains',
  'source.ip': 'ipBlocks',
  'remote.ip': 'remoteIpBlocks',
  'request.auth.principal': 'requestPrincipals',
  'destination.port': 'ports',
};

/** `principals` for `principals` and for `when` on `source.principal`; the same for the others. */
export function fieldOf({ part, name }: WrittenClause): string {
  return part === 'when' && Object.hasOwn(FIELD_OF_KEY, name) ? (FIELD_OF_KEY[name] ?? name) : name;
}

const IDENTITY_FIELDS: ReadonlySet<string> = new Set([
  'principals',
  'namespaces',
  'serviceAccounts',
  'trustDomains',
]);

/** Whether a clause is about who the caller's certificate says it is. */
export function isIdentityClause(clause: WrittenClause): boolean {
  return IDENTITY_FIELDS.has(fieldOf(clause));
}

/** As written, for a message: `notPaths`, `when source.principal`. */
export function clauseName({ part, name, negated }: WrittenClause): string {
  if (part === 'when') return `when ${name}${negated ? ' (notValues)' : ''}`;
  return negated ? `not${name.charAt(0).toUpperCase()}${name.slice(1)}` : name;
}
