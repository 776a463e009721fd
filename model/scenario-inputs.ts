/** `inputs` of a scenario, and `${inputs.name}` within its steps. */
import { closest } from './closest.ts';
import type { Problem } from './problem.ts';
import { placeOf, type YamlDocument } from './yaml-source.ts';

type InputValue = string | number | boolean;

/** Values by name; what isn't well-formed is left to the schema. */
export function readInputs(document: YamlDocument): ReadonlyMap<string, InputValue> {
  const inputs = new Map<string, InputValue>();
  const written = fieldOf(document.value, 'inputs');
  if (typeof written !== 'object' || written === null) return inputs;
  for (const [name, input] of Object.entries(written)) {
    const value = fieldOf(input, 'default');
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      inputs.set(name, value);
  }
  return inputs;
}

/** A copy of the document's value with inputs filled in below the given fields. */
export function fillInputs(
  document: YamlDocument,
  fields: readonly string[],
  inputs: ReadonlyMap<string, InputValue>,
): { value: unknown; problems: Problem[] } {
  const problems: Problem[] = typeProblems(document, inputs);
  const { value } = document;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { value, problems };
  const fill = (inner: unknown, path: readonly (string | number)[]): unknown => {
    if (typeof inner === 'string') return fillText(inner, path);
    if (Array.isArray(inner)) return inner.map((item, index) => fill(item, [...path, index]));
    if (typeof inner !== 'object' || inner === null) return inner;
    return Object.fromEntries(
      Object.entries(inner).map(([key, field]) => [key, fill(field, [...path, key])]),
    );
  };
  const fillText = (text: string, path: readonly (string | number)[]): InputValue => {
    // Alone it keeps its type: `status: ${inputs.status}` is a number.
    const whole = /^\$\{inputs\.([\w-]+)\}$/.exec(text)?.[1];
    const alone = whole === undefined ? undefined : inputs.get(whole);
    if (alone !== undefined) return alone;
    return text.replace(/\$\{inputs\.([\w-]+)\}/g, (written, name: string) => {
      const found = inputs.get(name);
      if (found !== undefined) return String(found);
      problems.push(unknownInput(name, inputs, document, path));
      return written;
    });
  };
  const copy = Object.entries(value).map(([key, field]) => [
    key,
    fields.includes(key) ? fill(field, [key]) : field,
  ]);
  return { value: Object.fromEntries(copy), problems };
}

function unknownInput(
  name: string,
  inputs: ReadonlyMap<string, InputValue>,
  document: YamlDocument,
  path: readonly (string | number)[],
): Problem {
  const near = closest(name, inputs.keys());
  const hint = near ? `did you mean ${near}?` : 'declare it under inputs: { type, default }';
  return {
    code: 'unknown-input',
    severity: 'error',
    message: `there is no input ${name}`,
    hint,
    at: placeOf(document, path),
  };
}

function typeProblems(document: YamlDocument, inputs: ReadonlyMap<string, InputValue>): Problem[] {
  return [...inputs].flatMap(([name, value]) => {
    const type = fieldOf(fieldOf(fieldOf(document.value, 'inputs'), name), 'type');
    if (type !== 'string' && type !== 'number' && type !== 'boolean') return [];
    if (typeof value === type) return [];
    const at = placeOf(document, ['inputs', name, 'default']);
    return [
      {
        code: 'wrong-type',
        severity: 'error',
        message: `the default of input ${name} must be a ${type}, not a ${typeof value}`,
        at,
      },
    ];
  });
}

function fieldOf(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string, unknown>)[key];
}
