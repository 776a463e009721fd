/**
 * Tells the steps of a scenario apart by their kind before the schema looks at them, and names what this version
 * doesn't run yet. What it has named, it replaces by a stand-in, so that the schema doesn't complain again.
 */
import { closest } from './closest.ts';
import type { Problem } from './problem.ts';
import { placeOf, type YamlDocument } from './yaml-source.ts';

const KINDS = ['http', 'tls'];
const KINDS_LATER = ['raw', 'tcp', 'grpc', 'websocket', 'exec', 'clock', 'rotate', 'fault', 'policy', 'wait'];
/** Fields of steps that are to come, by the map they stand in. */
const FIELDS_LATER: Readonly<Record<string, readonly string[]>> = {
  http: ['jwt', 'protocol', 'rate'],
  expect: ['latency', 'count'],
};
const COMMON_KEYS = ['id', 'timeout', 'expect'];
const STAND_IN = { http: { from: 'a', to: 'b' }, expect: { decision: 'deny' } };

type Fields = Record<string, unknown>;

export function checkSteps(
  document: YamlDocument,
  value: unknown,
  phases: readonly string[],
): { value: unknown; problems: Problem[] } {
  const problems: Problem[] = [];
  if (!isMap(value)) return { value, problems };
  const copy: Fields = { ...value };
  for (const phase of phases) {
    const steps = copy[phase];
    if (!Array.isArray(steps)) continue;
    copy[phase] = steps.map((step: unknown, index) =>
      isMap(step) ? checkStep(document, step, [phase, index], problems) : step,
    );
  }
  return { value: copy, problems };
}

type Path = readonly (string | number)[];

function checkStep(document: YamlDocument, step: Fields, path: Path, problems: Problem[]): Fields {
  const keys = Object.keys(step);
  const kinds = keys.filter((key) => KINDS.includes(key));
  const later = keys.find((key) => KINDS_LATER.includes(key));
  if (later !== undefined) {
    problems.push(notYet(`steps of kind ${later} are`, document, [...path, later]));
    return STAND_IN;
  }
  if (kinds.length !== 1) {
    problems.push(kindProblem(kinds, keys, document, path));
    return STAND_IN;
  }
  const copy = { ...step };
  for (const [field, names] of Object.entries(FIELDS_LATER)) {
    const fields = copy[field];
    if (!isMap(fields)) continue;
    for (const name of names.filter((candidate) => Object.hasOwn(fields, candidate))) {
      problems.push(notYet(`${field}.${name} is`, document, [...path, field, name]));
      copy[field] = Object.fromEntries(Object.entries(copy[field] as Fields).filter(([key]) => key !== name));
    }
  }
  problems.push(...checkIdentity(document, copy, path));
  return copy;
}

function kindProblem(
  kinds: readonly string[],
  keys: readonly string[],
  document: YamlDocument,
  path: Path,
): Problem {
  const [, second] = kinds;
  if (second !== undefined) {
    return {
      code: 'ambiguous-step',
      severity: 'error',
      message: `a step is one of ${KINDS.join(', ')}; this one is ${kinds.join(' and ')}`,
      hint: 'make two steps of it',
      at: placeOf(document, [...path, second]),
    };
  }
  const strange = keys.find((key) => !COMMON_KEYS.includes(key));
  const near = strange === undefined ? null : closest(strange, [...KINDS, ...KINDS_LATER]);
  return {
    code: 'unknown-key',
    severity: 'error',
    message:
      strange === undefined ? 'this step does nothing' : `unknown kind of step "${strange.slice(0, 80)}"`,
    hint: near ? `did you mean ${near}?` : `a step is one of ${KINDS.join(', ')}`,
    at: placeOf(document, strange === undefined ? path : [...path, strange]),
  };
}

function checkIdentity(document: YamlDocument, step: Fields, path: Path): Problem[] {
  const { http } = step;
  const problems: Problem[] = [];
  const identity = isMap(http) ? http['identity'] : undefined;
  if (typeof identity === 'string' && identity !== 'none' && !identity.startsWith('spiffe://')) {
    problems.push({
      code: 'invalid-value',
      severity: 'error',
      message: `"${identity.slice(0, 80)}" is not an identity`,
      hint: 'write none, or spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT',
      at: placeOf(document, [...path, 'http', 'identity']),
    });
  }
  return problems;
}

function notYet(what: string, document: YamlDocument, path: Path): Problem {
  return {
    code: 'not-supported-yet',
    severity: 'error',
    message: `${what} not supported in this version`,
    at: placeOf(document, path),
  };
}

function isMap(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
