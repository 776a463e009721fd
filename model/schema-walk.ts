/** Finds one's way through a zod schema by a path of the value: which keys are known at a place. */
import { z } from 'zod';

/** The value at `path`, or undefined. */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let current = value;
  for (const part of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, part)) return undefined;
    current = (current as Record<PropertyKey, unknown>)[part];
  }
  return current;
}

/** Keys that the object at `path` may have; empty where it isn't a plain object. */
export function knownKeys(schema: z.ZodType, path: readonly PropertyKey[], value: unknown): string[] {
  const found = descend(schema, path, value);
  return [
    ...new Set(found.flatMap((inner) => (inner instanceof z.ZodObject ? Object.keys(inner.shape) : []))),
  ];
}

/** The schemas that may apply at `path`: more than one behind a union. */
function descend(schema: z.ZodType, path: readonly PropertyKey[], value: unknown): z.ZodType[] {
  const [head, ...rest] = path;
  return unwrap(schema, value).flatMap((inner) => {
    if (head === undefined) return [inner];
    const next = step(inner, head);
    return next ? descend(next, rest, valueAt(value, [head])) : [];
  });
}

function step(schema: z.ZodType, key: PropertyKey): z.ZodType | null {
  if (schema instanceof z.ZodObject) {
    return typeof key === 'string' && Object.hasOwn(schema.shape, key)
      ? (schema.shape[key] as z.ZodType)
      : null;
  }
  if (schema instanceof z.ZodArray) return schema.element as z.ZodType;
  return schema instanceof z.ZodRecord ? (schema.valueType as z.ZodType) : null;
}

/** Without optional, default and preprocess; of a union the options that share most keys with the value. */
function unwrap(schema: z.ZodType, value: unknown): z.ZodType[] {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodNullable
  ) {
    return unwrap(schema.unwrap() as z.ZodType, value);
  }
  if (schema instanceof z.ZodPipe) return unwrap(schema.out as z.ZodType, value);
  if (!(schema instanceof z.ZodUnion)) return [schema];
  const options = optionsOf(schema, value).flatMap((option) => unwrap(option, value));
  const keys = Object.keys(typeof value === 'object' && value !== null ? value : {});
  const shared = options.map((option) =>
    option instanceof z.ZodObject ? keys.filter((key) => key in option.shape).length : 0,
  );
  const most = Math.max(...shared);
  return options.filter((_, index) => shared[index] === most);
}

/** Those that a union has for `value`: where one field tells them apart, the one that it names. */
function optionsOf(schema: z.ZodUnion, value: unknown): z.ZodType[] {
  const options = schema.options as z.ZodType[];
  if (!(schema instanceof z.ZodDiscriminatedUnion)) return options;
  const { discriminator } = schema.def;
  const named = options.filter(
    (option) =>
      option instanceof z.ZodObject &&
      (option.shape[discriminator] as z.ZodType).safeParse(valueAt(value, [discriminator])).success,
  );
  return named.length > 0 ? named : options;
}
