/**
 * RouteSuite files: what a client's sidecar does with requests that leave it. JSON or YAML. What is judged is strict about
 * its keys; of what is expected, an absent field isn't compared.
 */
import { z } from 'zod';
import { documentsWithin, readObject, type PolicyFile } from './policy-file.ts';
import type { PolicyObject } from './policy-object.ts';
import { hasErrors, type Parsed, type Position, type Problem } from './problem.ts';
import { checkValue } from './schema-problems.ts';
import { readSingleYaml, type Positions, type YamlDocument } from './yaml-source.ts';

const port = z.number().int().min(0).max(65535);
const labels = z.record(z.string(), z.string()).default({});

const serviceSchema = z.strictObject({
  host: z.string().describe('name.namespace.svc.cluster.local'),
  namespace: z.string(),
  ip: z.string().describe('ClusterIP'),
  exportTo: z.string().default(''),
  ports: z.array(z.strictObject({ name: z.string(), port, targetPort: port.optional() })),
  endpoints: z
    .array(z.strictObject({ ip: z.string(), labels, down: z.boolean().default(false) }))
    .nullish()
    .transform((endpoints) => endpoints ?? []),
});

const values = z
  .union([z.string(), z.array(z.string())])
  .transform((one) => (typeof one === 'string' ? [one] : one));

const requestSchema = z.strictObject({
  protocol: z.enum(['http', 'http2', 'grpc', 'tcp']),
  method: z.string().default(''),
  path: z.string().default(''),
  host: z.string().default(''),
  headers: z.record(z.string(), values).default({}),
});

const upstreamSchema = z.strictObject({
  status: z.array(z.number().int()).default([]).describe('One an attempt; −1: closed; below 100: of gRPC.'),
  delayMs: z.number().default(0),
  headers: z.record(z.string(), z.string()).default({}),
});

const reachedSchema = z.strictObject({
  host: z.string(),
  subset: z.string().optional(),
  port: port.optional(),
  ip: z.string().optional(),
  tls: z.string().optional(),
  sni: z.string().optional(),
  upstreamHost: z.string().optional(),
});

const headersSchema = z.strictObject({
  set: z.record(z.string(), z.string()).default({}),
  removed: z.array(z.string()).default([]),
});

const expectationSchema = z.strictObject({
  status: z.number().int().optional(),
  details: z.string().optional(),
  flags: z.string().optional(),
  endpoint: reachedSchema.nullish(),
  upstreamPath: z.string().optional(),
  upstreamHost: z.string().optional(),
  upstreamHeaders: headersSchema.optional(),
  responseHeaders: headersSchema.optional(),
  attempts: z.number().int().optional(),
  mirrored: z.array(reachedSchema).optional(),
  location: z.string().optional(),
  body: z.string().optional(),
  grpcStatus: z.string().optional(),
  sticky: z.boolean().optional(),
  distribution: z.record(z.string(), z.number()).optional(),
  tolerance: z.number().optional(),
});

export const routeCaseSchema = z.strictObject({
  id: z.string().min(1),
  from: z.strictObject({ namespace: z.string(), labels }),
  to: z.strictObject({ host: z.string().optional(), ip: z.string().optional(), port }),
  request: requestSchema,
  upstream: upstreamSchema.optional(),
  repeat: z.number().int().min(1).default(1),
  expect: expectationSchema,
});

export const routeSuiteSchema = z.strictObject({
  apiVersion: z.literal('greenroom.dev/v1'),
  kind: z.literal('RouteSuite'),
  metadata: z.looseObject({ name: z.string().min(1) }),
  spec: z.strictObject({
    mesh: z.strictObject({
      trustDomain: z.string().default('cluster.local'),
      rootNamespace: z.string().default('istio-system'),
      outboundTrafficPolicy: z.enum(['REGISTRY_ONLY', 'ALLOW_ANY']).default('ALLOW_ANY'),
    }),
    volatile: z.array(z.string()).default([]).describe('Headers whose value reads `*`.'),
    services: z.array(serviceSchema),
    policies: z.array(z.record(z.string(), z.unknown())).default([]),
    cases: z.array(routeCaseSchema).min(1),
  }),
});

export type RouteSuiteDocument = z.infer<typeof routeSuiteSchema>;
export type RouteCase = z.infer<typeof routeCaseSchema>;
export type RouteExpectation = z.infer<typeof expectationSchema>;
export type RouteSuiteService = z.infer<typeof serviceSchema>;

export interface RouteSuite {
  suite: RouteSuiteDocument;
  policies: PolicyObject[];
  file: string;
  at: Position;
  positions: Positions;
}

/** Age of an object that names none, where others do: as the suites' verdicts were observed. */
const CREATED = '2026-01-01T00:00:00Z';

/** Reads one suite. */
export function parseRouteSuite(text: string, file: string): Parsed<RouteSuite> {
  const { document, problems } = readSingleYaml(text, file);
  if (!document) return { value: null, problems };
  const checked = checkValue(routeSuiteSchema, document);
  if (!checked.value) return { value: null, problems: checked.problems };
  const suite = checked.value;
  const read = documentsWithin(document, ['spec', 'policies'], suite.spec.policies).map(readSuiteObject);
  const found = read.flatMap((one) => one.problems);
  if (hasErrors(found)) return { value: null, problems: found };
  const policies = read.flatMap(({ objects }) => objects);
  return {
    value: { suite, policies, file, at: document.at, positions: document.positions },
    problems: found,
  };
}

function readSuiteObject(document: YamlDocument): { objects: PolicyObject[]; problems: Problem[] } {
  const read: PolicyFile = { objects: [], skipped: [], problems: [] };
  readObject(document, { namespace: 'default', ignore: [], refusedBy: 'webhook' }, read);
  return {
    objects: read.objects.map((object) => ({
      ...object,
      metadata: { creationTimestamp: CREATED, ...object.metadata },
    })),
    problems: read.problems,
  };
}
