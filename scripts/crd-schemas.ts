/**
 * Writes model/istio/crd-schemas.json: the structural schemas of Istio's CustomResourceDefinitions without their
 * prose, each part that occurs twice written once. Usage: `node scripts/crd-schemas.ts CRDS.yaml`, then
 * `npm run format`. Stops at whatever the checker in model/istio doesn't know, so that a new Istio can't bring a
 * rule that nobody applies.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { parseAllDocuments } from 'yaml';
import { CRD_EXPRESSIONS } from './crd-expressions.ts';

const TARGET = new URL('../model/istio/crd-schemas.json', import.meta.url);

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type JsonMap = { [key: string]: Json };

/** Keywords that are taken over as they are. */
const KEPT = [
  'type',
  'required',
  'enum',
  'pattern',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
  'nullable',
];
/** Keywords without a say in what is valid. `format` of numbers is their `minimum` and `maximum`. */
const DROPPED = ['description'];

function convert(schema: JsonMap): JsonMap {
  const result: JsonMap = {};
  const atMostOne: Json[] = [];
  for (const [key, value] of Object.entries(schema)) {
    if (KEPT.includes(key)) result[key] = value;
    else if (DROPPED.includes(key)) continue;
    else if (key === 'format') {
      if (value === 'byte') result['format'] = value;
    } else if (key === 'properties') {
      const properties = Object.entries(value as JsonMap);
      result['properties'] = Object.fromEntries(
        properties.map(([name, of]) => [name, convert(of as JsonMap)]),
      );
    } else if (key === 'items') result['items'] = convert(value as JsonMap);
    else if (key === 'additionalProperties') result['values'] = convert(value as JsonMap);
    else if (key === 'x-kubernetes-list-map-keys') result['uniqueBy'] = value;
    else if (key === 'x-kubernetes-list-type' && (value === 'map' || value === 'atomic')) continue;
    else if (key === 'x-kubernetes-preserve-unknown-fields') result['anything'] = value;
    else if (key === 'x-kubernetes-validations') {
      const rules: string[] = [];
      for (const { rule } of value as { rule: string }[]) {
        const alternatives = exclusiveFields(rule);
        if (alternatives) atMostOne.push(alternatives);
        else rules.push(ruleName(rule));
      }
      if (rules.length > 0) result['rules'] = rules;
    } else if (key === 'oneOf') atMostOne.push(alternativesOf(value as JsonMap[]));
    else if (key === 'allOf')
      atMostOne.push(...(value as JsonMap[]).map((one) => alternativesOf(one['oneOf'] as JsonMap[])));
    else throw new Error(`unknown keyword ${key}`);
  }
  if (atMostOne.length > 0) result['atMostOne'] = atMostOne;
  return result;
}

/** `(has(self.a) ? 1 : 0) + (has(self.b) ? 1 : 0) <= 1` -> its fields. */
function exclusiveFields(rule: string): string[] | null {
  const terms = rule.replace(/ <= 1$/, '').split(' + ');
  const fields = terms.map((term) => /^\(has\(self\.(\w+)\) \? 1 : 0\)$/.exec(term)?.[1]);
  return rule.endsWith(' <= 1') && fields.every((field) => field !== undefined) ? (fields as string[]) : null;
}

function ruleName(rule: string): string {
  const name = CRD_EXPRESSIONS[rule.replaceAll('\n', ' ')];
  if (!name) throw new Error(`unknown rule: ${rule}`);
  return name;
}

/** How protobuf's oneof is written in a structural schema: none of the fields, or just one of them. */
function alternativesOf(branches: readonly JsonMap[]): string[] {
  const fields = branches.slice(1).map((branch) => {
    const [field, second] = branch['required'] as string[];
    if (!field || second || Object.keys(branch).length > 1) throw new Error('not the shape of a oneof');
    return field;
  });
  const none = JSON.stringify({ not: { anyOf: fields.map((field) => ({ required: [field] })) } });
  if (JSON.stringify(branches[0]) !== none) throw new Error('not the shape of a oneof');
  return fields;
}

/** What occurs twice and is longer than a reference to it stands under `parts`. */
class Parts {
  readonly #counts = new Map<string, number>();
  readonly #names = new Map<string, string>();
  readonly parts: JsonMap = {};

  count(value: Json): void {
    const text = JSON.stringify(value);
    this.#counts.set(text, (this.#counts.get(text) ?? 0) + 1);
    for (const child of children(value)) this.count(child);
  }

  share(value: Json): Json {
    const text = JSON.stringify(value);
    if (text.length < 60 || (this.#counts.get(text) ?? 0) < 2)
      return mapChildren(value, (child) => this.share(child));
    const known = this.#names.get(text);
    if (known) return { part: known };
    const name = String(this.#names.size);
    this.#names.set(text, name);
    this.parts[name] = mapChildren(value, (child) => this.share(child));
    return { part: name };
  }
}

function children(value: Json): Json[] {
  const found: Json[] = [];
  mapChildren(value, (child) => {
    found.push(child);
    return child;
  });
  return found;
}

/** Schemas within a schema, not its lists of names. */
function mapChildren(value: Json, change: (child: Json) => Json): Json {
  const result: JsonMap = { ...(value as JsonMap) };
  if (result['items']) result['items'] = change(result['items']);
  if (result['values']) result['values'] = change(result['values']);
  if (result['properties']) {
    const properties = Object.entries(result['properties'] as JsonMap);
    result['properties'] = Object.fromEntries(properties.map(([name, child]) => [name, change(child)]));
  }
  return result;
}

interface Crd {
  spec: {
    group: string;
    names: { kind: string };
    versions: { name: string; served: boolean; schema: { openAPIV3Schema: JsonMap } }[];
  };
}

/** The text of crd-schemas.json for these CustomResourceDefinitions. */
export function renderCrdSchemas(yaml: string): string {
  const crds = (parseAllDocuments(yaml) as { toJS(): Crd | null }[]).flatMap(
    (document) => document.toJS() ?? [],
  );
  const kinds: JsonMap = {};
  for (const { spec } of crds) {
    const [first, ...others] = spec.versions.map(({ schema }) => JSON.stringify(schema.openAPIV3Schema));
    if (others.some((other) => other !== first)) throw new Error(`${spec.names.kind}: versions differ`);
    const top = JSON.parse(first ?? '{}') as { properties: { spec: JsonMap }; required?: string[] };
    kinds[`${spec.group}/${spec.names.kind}`] = {
      versions: spec.versions.filter(({ served }) => served).map(({ name }) => name),
      ...(top.required?.includes('spec') ? { specRequired: true } : {}),
      spec: convert(top.properties.spec),
    };
  }
  const parts = new Parts();
  for (const kind of Object.values(kinds)) parts.count((kind as JsonMap)['spec'] ?? null);
  const shared = Object.entries(kinds).map(([id, kind]) => {
    const { spec, ...rest } = kind as JsonMap;
    return [id, { ...rest, spec: parts.share(spec ?? null) }] as const;
  });
  const origin =
    'Made by scripts/crd-schemas.ts of the CustomResourceDefinitions of istio/istio (Apache License 2.0).';
  return `{\n"origin": ${JSON.stringify(origin)},\n"kinds": {\n${lines(shared)}\n},\n"parts": {\n${lines(Object.entries(parts.parts))}\n}\n}\n`;
}

function lines(entries: readonly (readonly [string, Json])[]): string {
  return entries.map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`).join(',\n');
}

if (import.meta.main) {
  const [source] = process.argv.slice(2);
  if (!source) throw new Error('usage: node scripts/crd-schemas.ts CRDS.yaml');
  await writeFile(TARGET, renderCrdSchemas(await readFile(source, 'utf8')));
}
