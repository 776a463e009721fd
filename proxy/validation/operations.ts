/**
 * The operations of an OpenAPI 3 document, compiled: which one a request is, and what is wrong with its parameters and
 * its body. Schemas are ajv's business (JSON Schema 2020-12, as OpenAPI 3.1 has it); what it can't compile is no
 * document at all, and nothing passes there.
 */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { HttpFacts } from '../../model/request-facts.ts';
import { linearPattern } from './linear-pattern.ts';
import type { FoundOperation, Operations, RequestBody } from '../../policy/request-validation.ts';
import { trimBlanks } from '../../wire/field-grammar.ts';

type Json = Readonly<Record<string, unknown>>;

interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  validate: ValidateFunction;
}

interface Operation {
  parameters: readonly Parameter[];
  bodyRequired: boolean;
  /** By media type, ranges last; null = no body is described. */
  bodies: readonly { type: string; validate: ValidateFunction | null }[] | null;
}

interface Path {
  segments: readonly string[];
  operations: ReadonlyMap<string, Operation>;
}

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];
/** So many problems of a request are told. */
const TOLD = 5;

/** Compiles a document; throws for what isn't one. */
export function compileOperations(document: unknown): Operations {
  const root = objectOf(document, 'the document');
  const compiler = new SchemaCompiler(root);
  const paths = Object.entries(objectOf(root['paths'] ?? {}, 'paths'))
    .map(([template, item]) => compilePath(compiler, root, template, item))
    // A literal segment is more than a parameter (OpenAPI 3.1 §4.8.8).
    .sort((a, b) => parametersIn(a) - parametersIn(b));
  return { find: (method, path) => find(paths, method.toLowerCase(), path) };
}

const OPTIONS = { strict: false, code: { regExp: linearPattern } } as const;

class SchemaCompiler {
  readonly #bodies = new Ajv2020({ ...OPTIONS, allErrors: false });
  /** Parameters are text: `3` is a number where one is wanted. */
  readonly #parameters = new Ajv2020({ ...OPTIONS, coerceTypes: 'array' });

  constructor(root: Json) {
    for (const ajv of [this.#bodies, this.#parameters]) {
      formats.default(ajv);
      ajv.addSchema(root, DOCUMENT, false, false);
    }
  }

  body(pointer: readonly string[]): ValidateFunction {
    return this.#bodies.compile({ $ref: refTo(pointer) });
  }

  parameter(pointer: readonly string[]): ValidateFunction {
    return this.#parameters.compile({
      type: 'object',
      properties: { value: { $ref: refTo(pointer) } },
      required: ['value'],
    });
  }
}

const DOCUMENT = 'openapi';

function refTo(pointer: readonly string[]): string {
  const parts = pointer.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')));
  return `${DOCUMENT}#/${parts.join('/')}`;
}

function compilePath(compiler: SchemaCompiler, root: Json, template: string, value: unknown): Path {
  const at = ['paths', template];
  const item = objectOf(value, template);
  const shared = compileParameters(compiler, root, item['parameters'], [...at, 'parameters']);
  const operations = METHODS.filter((method) => item[method] !== undefined).map((method) => {
    const operation = objectOf(item[method], `${method} ${template}`);
    const own = compileParameters(compiler, root, operation['parameters'], [...at, method, 'parameters']);
    const inherited = shared.filter(
      (one) => !own.some(({ name, in: place }) => name === one.name && place === one.in),
    );
    const body = compileBody(compiler, root, operation['requestBody'], [...at, method, 'requestBody']);
    return [method, { parameters: [...inherited, ...own], ...body }] as const;
  });
  return { segments: template.split('/').slice(1), operations: new Map(operations) };
}

function compileParameters(
  compiler: SchemaCompiler,
  root: Json,
  value: unknown,
  at: readonly string[],
): Parameter[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new Error(`${at.join('/')} is no list`);
  return value.flatMap((one: unknown, index): Parameter[] => {
    const found = resolveRef(root, one, [...at, String(index)]);
    const { name, in: place, required = false, schema } = found.value;
    if (typeof name !== 'string') throw new Error(`${found.at.join('/')} has no name`);
    if (place !== 'path' && place !== 'query' && place !== 'header') return [];
    const validate =
      schema === undefined ? compiler.parameter([...found.at]) : compiler.parameter([...found.at, 'schema']);
    return [{ name, in: place, required: required === true || place === 'path', validate }];
  });
}

function compileBody(
  compiler: SchemaCompiler,
  root: Json,
  value: unknown,
  at: readonly string[],
): Pick<Operation, 'bodyRequired' | 'bodies'> {
  if (value === undefined) return { bodyRequired: false, bodies: null };
  const found = resolveRef(root, value, at);
  const content = Object.entries(objectOf(found.value['content'] ?? {}, 'content'));
  const bodies = content.map(([type, media]) => ({
    type: type.toLowerCase(),
    validate:
      objectOf(media, type)['schema'] === undefined || !isJson(type)
        ? null
        : compiler.body([...found.at, 'content', type, 'schema']),
  }));
  bodies.sort((a, b) => Number(a.type.endsWith('*')) - Number(b.type.endsWith('*')));
  return { bodyRequired: found.value['required'] === true, bodies };
}

/** What a local reference leads to, and where that stands. */
function resolveRef(
  root: Json,
  value: unknown,
  at: readonly string[],
): { value: Json; at: readonly string[] } {
  const found = objectOf(value, at.join('/'));
  const ref = found['$ref'];
  if (ref === undefined) return { value: found, at };
  if (typeof ref !== 'string' || !ref.startsWith('#/'))
    throw new Error(`${String(ref)} is not of this document`);
  const parts = ref
    .slice(2)
    .split('/')
    .map((part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~'));
  let target: unknown = root;
  for (const part of parts) target = objectOf(target, ref)[part];
  return { value: objectOf(target, ref), at: parts };
}

function find(paths: readonly Path[], method: string, path: string): FoundOperation {
  const segments = path.split('/').slice(1);
  const fitting = paths.filter((one) => fits(one.segments, segments));
  const item = fitting[0];
  if (item === undefined) return { found: 'path-unknown' };
  const operation = item.operations.get(method);
  if (operation === undefined) {
    const allowed = [...item.operations.keys()].map((name) => name.toUpperCase());
    return { found: 'method-unknown', allowed };
  }
  const values = parameterSegments(item.segments, segments);
  return { found: 'operation', problems: (request, body) => problemsOf(operation, values, request, body) };
}

function isParameter(segment: string): boolean {
  return segment.startsWith('{') && segment.endsWith('}');
}

function parametersIn({ segments }: Path): number {
  return segments.filter(isParameter).length;
}

function fits(template: readonly string[], segments: readonly string[]): boolean {
  return (
    template.length === segments.length &&
    template.every((one, index) => (isParameter(one) ? segments[index] !== '' : one === segments[index]))
  );
}

function parameterSegments(template: readonly string[], segments: readonly string[]): Map<string, string[]> {
  return new Map(
    template.flatMap((one, index) =>
      isParameter(one) ? [[one.slice(1, -1), [segments[index] ?? '']] as const] : [],
    ),
  );
}

function problemsOf(
  operation: Operation,
  inPath: ReadonlyMap<string, string[]>,
  request: HttpFacts,
  body: RequestBody,
): string[] {
  const query = new URLSearchParams(request.path.split('?').slice(1).join('?'));
  const valuesOf = ({ name, in: place }: Parameter): string[] => {
    if (place === 'path') return (inPath.get(name) ?? []).map(decoded);
    if (place === 'query') return query.getAll(name);
    return request.headers.filter(([header]) => header === name.toLowerCase()).map(([, value]) => value);
  };
  const problems = operation.parameters.flatMap((parameter) =>
    parameterProblems(parameter, valuesOf(parameter)),
  );
  return [...problems, ...bodyProblems(operation, request, body)].slice(0, TOLD);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function parameterProblems({ name, in: place, required, validate }: Parameter, values: string[]): string[] {
  if (values.length === 0) return required ? [`${place} parameter ${name} is missing`] : [];
  const value = values.length === 1 ? values[0] : values;
  return validate({ value }) ? [] : [`${place} parameter ${name} ${whyInvalid(validate)}`];
}

function bodyProblems({ bodyRequired, bodies }: Operation, request: HttpFacts, body: RequestBody): string[] {
  if (body.bytes === 0) return bodyRequired ? ['a body is required'] : [];
  if (bodies === null) return ['the operation takes no body'];
  const sent = request.headers.find(([name]) => name === 'content-type')?.[1] ?? '';
  const type = trimBlanks(sent.split(';')[0] ?? '').toLowerCase();
  const media = bodies.find(
    (one) =>
      one.type === type ||
      (one.type.endsWith('*') && type.startsWith(one.type.slice(0, -1).replace('*/', ''))),
  );
  if (media === undefined) return [`a body of ${type || 'no type'} isn't described`];
  if (media.validate === null) return [];
  if (body.value === undefined) return ['the body is no JSON'];
  return media.validate(body.value) ? [] : [`body ${whyInvalid(media.validate)}`];
}

function whyInvalid({ errors }: ValidateFunction): string {
  const [first] = errors ?? [];
  return first === undefined
    ? 'is refused'
    : `${first.instancePath.replace('/value', '')} ${first.message ?? ''}`.trim();
}

function isJson(type: string): boolean {
  return /^application\/([a-z0-9.-]+\+)?json$/i.test(type.split(';')[0]?.trim() ?? '') || type.endsWith('*');
}

function objectOf(value: unknown, what: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${what} is no object`);
  return value as Json;
}
