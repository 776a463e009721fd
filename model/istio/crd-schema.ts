/**
 * The structural schemas of Istio's CustomResourceDefinitions, as the API server applies them. The data is made by
 * scripts/crd-schemas.ts; this file owns its shape and finds one by group and kind.
 */
import data from './crd-schemas.json' with { type: 'json' };

/** The keywords that Istio's schemas use, and no others: the generator stops at an unknown one. */
export interface CrdSchema {
  /** Stands for a schema that several places share; then nothing else is set. */
  part?: string;
  type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  properties?: Readonly<Record<string, CrdSchema>>;
  required?: readonly string[];
  items?: CrdSchema;
  /** Fields that tell the elements of a list apart. */
  uniqueBy?: readonly string[];
  /** Of a map with keys of any name. */
  values?: CrdSchema;
  /** Unknown fields are kept, unread. */
  anything?: boolean;
  enum?: readonly string[];
  pattern?: string;
  format?: 'byte';
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  minProperties?: number;
  maxProperties?: number;
  nullable?: boolean;
  /** Fields that exclude each other. */
  atMostOne?: readonly (readonly string[])[];
  /** Names in `CRD_RULES`. */
  rules?: readonly string[];
}

export interface CrdKind {
  versions: readonly string[];
  specRequired?: boolean;
  spec: CrdSchema;
}

const { kinds, parts } = data as unknown as {
  kinds: Readonly<Record<string, CrdKind>>;
  parts: Readonly<Record<string, CrdSchema>>;
};

/** The definition of a kind of Istio, or null. */
export function crdKind(group: string, kind: string): CrdKind | null {
  const id = `${group}/${kind}`;
  return Object.hasOwn(kinds, id) ? (kinds[id] ?? null) : null;
}

/** `group/Kind` of all definitions. */
export const CRD_KINDS: readonly string[] = Object.keys(kinds);

/** The schema itself, where only a reference to a shared part is written. */
export function resolvePart(schema: CrdSchema): CrdSchema {
  return schema.part === undefined ? schema : (parts[schema.part] ?? schema);
}
