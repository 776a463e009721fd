/**
 * One rule of an AuthorizationPolicy, compiled: sources, operations and conditions as clauses that keep their place.
 * What isn't understood becomes a problem, never an absence.
 */
import { type PolicyObject, positionOf } from '../model/policy-object.ts';
import type { Position, Problem } from '../model/problem.ts';
import type { AuthorizationCondition, AuthorizationRule } from '../model/istio/authorization-policy.ts';
import type { CompiledClause, CompiledRule } from './compiled-policy.ts';
import {
  conditionField,
  type Field,
  type FieldContext,
  OPERATION_FIELDS,
  SOURCE_FIELDS,
  splitNegation,
} from './fields.ts';

/** What compiling a rule depends on besides the rule. */
export interface RuleContext extends FieldContext {
  protocol: 'http' | 'tcp';
  action: 'ALLOW' | 'DENY' | 'AUDIT' | 'CUSTOM';
}

type Path = readonly (string | number)[];

/** Compiles rule `index` of `object`; `problems` is added to. */
export function compileRule(
  object: PolicyObject,
  rule: AuthorizationRule,
  index: number,
  context: RuleContext,
  problems: Problem[],
): CompiledRule {
  const path: Path = ['spec', 'rules', index];
  const compiler = new RuleCompiler(object, context, problems);
  const from = (rule.from ?? []).map((entry, at, all) =>
    compiler.fields(entry.source, SOURCE_FIELDS, all.length > 1 ? `from[${at}].source` : 'from.source', [
      ...path,
      'from',
      at,
      'source',
    ]),
  );
  const to = (rule.to ?? []).map((entry, at, all) =>
    compiler.fields(
      entry.operation,
      OPERATION_FIELDS,
      all.length > 1 ? `to[${at}].operation` : 'to.operation',
      [...path, 'to', at, 'operation'],
    ),
  );
  const when = (rule.when ?? []).flatMap((entry, at) => compiler.condition(entry, [...path, 'when', at]));
  const { namespace, name } = object.metadata;
  return {
    ref: {
      kind: object.kind,
      namespace,
      name,
      action: context.action,
      rule: index,
      at: positionOf(object, path),
    },
    name: `ns[${namespace}]-policy[${name}]-rule[${index}]`,
    from,
    to,
    when,
    dropped: compiler.ruleDropped,
  };
}

class RuleCompiler {
  /** Set when Istio leaves the whole rule out. */
  ruleDropped: string | null = null;
  readonly #object: PolicyObject;
  readonly #context: RuleContext;
  readonly #problems: Problem[];

  constructor(object: PolicyObject, context: RuleContext, problems: Problem[]) {
    this.#object = object;
    this.#context = context;
    this.#problems = problems;
  }

  fields(
    values: Readonly<Record<string, readonly string[] | undefined>> | undefined,
    table: ReadonlyMap<string, Field>,
    prefix: string,
    path: Path,
  ): CompiledClause[] {
    return Object.entries(values ?? {}).flatMap(([written, wanted]) => {
      const { name, negated } = splitNegation(written);
      const at = positionOf(this.#object, [...path, written]);
      return this.#clause(`${prefix}.${written}`, name, table.get(name) ?? null, negated, wanted, at);
    });
  }

  condition(entry: AuthorizationCondition, path: Path): CompiledClause[] {
    const field = conditionField(entry.key);
    const label = `when[${entry.key}]`;
    return [
      ...this.#clause(
        label,
        entry.key,
        field,
        false,
        entry.values,
        positionOf(this.#object, [...path, 'values']),
      ),
      ...this.#clause(
        label,
        entry.key,
        field,
        true,
        entry.notValues,
        positionOf(this.#object, [...path, 'notValues']),
      ),
    ];
  }

  #clause(
    label: string,
    name: string,
    field: Field | null,
    negated: boolean,
    wanted: readonly string[] | undefined,
    at: Position,
  ): CompiledClause[] {
    if (!wanted || wanted.length === 0) return [];
    if (field === null) {
      this.#problems.push(unsupported(label, name, at));
      return [];
    }
    if (field.httpOnly && this.#context.protocol === 'tcp') {
      return this.#drop(label, field.attribute, negated, wanted, at);
    }
    const values = wanted.flatMap((value) => {
      const compiled = field.compile(value, this.#context);
      if (compiled === null) this.#problems.push(badValue(label, value, at));
      return compiled ?? [];
    });
    const { attribute, header, claim } = field;
    const named = claim === undefined ? {} : { claim };
    return [{ field: label, attribute, header, ...named, negated, wanted, values, at, dropped: null }];
  }

  /** An ALLOW loses the whole rule, DENY and AUDIT only the field: as Istio does it, narrower and wider. */
  #drop(
    label: string,
    attribute: CompiledClause['attribute'],
    negated: boolean,
    wanted: readonly string[],
    at: Position,
  ): CompiledClause[] {
    const allow = this.#context.action === 'ALLOW';
    const why = `${label} exists on HTTP only: at a TCP port Istio drops ${allow ? 'the whole rule' : 'the field'}`;
    if (allow) this.ruleDropped ??= why;
    this.#problems.push({
      code: 'http-field-on-tcp',
      severity: 'warning',
      message: allow ? `${why}, so it lets nobody in` : `${why}, so it denies more than it says`,
      hint: 'name the port by its protocol (`http-…`) if it speaks HTTP, or limit the rule to HTTP ports',
      at,
    });
    return [{ field: label, attribute, header: null, negated, wanted, values: [], at, dropped: why }];
  }
}

function unsupported(label: string, name: string, at: Position): Problem {
  const known = name.startsWith('experimental.envoy.filters.');
  return {
    code: known ? 'not-supported-yet' : 'unknown-field',
    severity: 'error',
    message: known ? `${label} isn't judged yet` : `${label} is no field of an AuthorizationPolicy`,
    hint: 'everything this policy could have applied to is denied',
    at,
  };
}

function badValue(label: string, value: string, at: Position): Problem {
  return {
    code: 'invalid-value',
    severity: 'error',
    message: `${label}: ${JSON.stringify(value)} is not a value of it`,
    hint: 'everything this policy could have applied to is denied',
    at,
  };
}
