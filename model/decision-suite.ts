/**
 * DecisionSuite files: requests with the verdict that is expected of them, judged without starting anything. JSON or
 * YAML. What is judged is strict about its keys: a misspelt `principal` would be a caller in plaintext. Of what is
 * expected, whoever compares says what it can't.
 */
import { z } from 'zod';
import { extensionProviderSchema } from './istio/extension-provider.ts';
import { documentsWithin, readObject, type PolicyFile } from './policy-file.ts';
import type { PolicyObject } from './policy-object.ts';
import { hasErrors, type Parsed, type Position, type Problem } from './problem.ts';
import { checkValue } from './schema-problems.ts';
import { placeOf, readSingleYaml, type Positions, type YamlDocument } from './yaml-source.ts';

const port = z.number().int().min(0).max(65535);

const fromSchema = z.strictObject({
  principal: z.string().optional().describe('SPIFFE id without its scheme; none = no client certificate.'),
  ip: z.string().optional(),
  certificate: z.enum(['foreign-ca', 'expired', 'none']).optional(),
  alpn: z.enum(['plain']).optional().describe('A TLS client that is no sidecar.'),
});

const toSchema = z.strictObject({
  namespace: z.string(),
  serviceAccount: z.string(),
  labels: z.record(z.string(), z.string()).optional(),
  ip: z.string().optional(),
  port,
  kind: z.string().optional().describe('`gateway`: a gateway, no sidecar.'),
});

const requestSchema = z.strictObject({
  protocol: z.enum(['http', 'http2', 'grpc', 'tcp']),
  method: z.string().optional(),
  path: z.string().optional(),
  host: z.string().optional(),
  headers: z.record(z.string(), z.union([z.string(), z.array(z.string())])).optional(),
  token: z.string().optional(),
  remoteIp: z.string().optional(),
  sni: z.string().optional(),
  fields: z
    .array(z.tuple([z.string(), z.string()]))
    .optional()
    .describe('HTTP/2: the whole header block, as sent.'),
});

/** Loose: an expectation that can't be compared is told as a difference, never as agreement. */
const expectationSchema = z.looseObject({
  decision: z.enum(['allow', 'deny']),
  status: z.number().int().optional(),
  details: z.string().optional().describe("Envoy's response code details."),
  body: z.string().optional(),
  upstreamPath: z.string().optional(),
  upstreamHeaders: z.record(z.string(), z.string().nullable()).optional(),
  responseHeaders: z
    .record(z.string(), z.string().nullable())
    .optional()
    .describe('Those that an external authorizer sent, or added.'),
  checked: z
    .looseObject({ asked: z.boolean().optional() })
    .optional()
    .describe('What an external authorizer was told; headers by name.'),
});

export const decisionCaseSchema = z.strictObject({
  id: z.string().min(1),
  from: fromSchema,
  to: toSchema,
  request: requestSchema,
  expect: expectationSchema,
});

export const decisionSuiteSchema = z.strictObject({
  apiVersion: z.literal('greenroom.dev/v1'),
  kind: z.literal('DecisionSuite'),
  metadata: z.looseObject({ name: z.string().min(1) }),
  spec: z.strictObject({
    mesh: z
      .strictObject({
        trustDomain: z.string().default('cluster.local'),
        trustDomainAliases: z.array(z.string()).default([]),
        rootNamespace: z.string().default('istio-system'),
        pathNormalization: z
          .enum(['NONE', 'BASE', 'MERGE_SLASHES', 'DECODE_AND_MERGE_SLASHES', 'DEFAULT'])
          .default('BASE'),
        outboundTrafficPolicy: z.enum(['REGISTRY_ONLY', 'ALLOW_ANY']).default('ALLOW_ANY'),
        numTrustedProxies: z.number().int().min(0).default(0),
        extensionProviders: z
          .array(extensionProviderSchema)
          .default([])
          .describe("MeshConfig's own, for CUSTOM policies."),
        jwks: z.record(z.string(), z.unknown()).optional().describe('Key sets by URI.'),
      })
      .prefault({}),
    policies: z.array(z.record(z.string(), z.unknown())).default([]).describe('Kubernetes objects.'),
    policyFiles: z
      .array(z.string())
      .default([])
      .describe('Files of Kubernetes objects, relative to this one.'),
    cases: z.array(decisionCaseSchema).min(1),
  }),
});

export type DecisionSuiteDocument = z.infer<typeof decisionSuiteSchema>;
export type DecisionCase = z.infer<typeof decisionCaseSchema>;

export interface DecisionSuite {
  suite: DecisionSuiteDocument;
  /** Those of `spec.policies`. Objects that this version doesn't enforce are among them, their spec unchecked. */
  policies: PolicyObject[];
  file: string;
  at: Position;
  /** For `placeOf(suite, ['spec', 'cases', 0])`. */
  positions: Positions;
}

/** Reads one suite. `policyFiles` are the caller's to read: this file sees no disk. */
export function parseDecisionSuite(text: string, file: string): Parsed<DecisionSuite> {
  const { document, problems } = readSingleYaml(text, file);
  if (!document) return { value: null, problems };
  const checked = checkValue(decisionSuiteSchema, document);
  if (!checked.value) return { value: null, problems: checked.problems };
  const suite = checked.value;
  const found = [...duplicateCases(suite, document)];
  const objects = documentsWithin(document, ['spec', 'policies'], suite.spec.policies).map(readSuiteObject);
  found.push(...objects.flatMap((object) => object.problems));
  const policies = objects.flatMap((object) => object.objects);
  if (hasErrors(found)) return { value: null, problems: found };
  return {
    value: { suite, policies, file, at: document.at, positions: document.positions },
    problems: found,
  };
}

/** A policy object, checked where it is enforced; others go along unchecked: whoever judges names what it can't. */
function readSuiteObject(document: YamlDocument): { objects: PolicyObject[]; problems: Problem[] } {
  const read: PolicyFile = { objects: [], skipped: [], problems: [] };
  readObject(document, { namespace: 'default', ignore: [], refusedBy: 'webhook', keysFrom: 'files' }, read);
  const unjudged = read.problems.some(({ code }) => code === 'unsupported-kind');
  if (!unjudged) return { objects: read.objects, problems: read.problems };
  const parsed = rawObjectSchema.safeParse(document.value);
  if (!parsed.success) return { objects: [], problems: read.problems };
  const { apiVersion, kind, metadata, spec } = parsed.data;
  return {
    objects: [{ apiVersion, kind, metadata, spec, at: document.at, positions: document.positions }],
    problems: [],
  };
}

const names = z.record(z.string(), z.string()).default({});
const rawObjectSchema = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.object({
    name: z.string(),
    namespace: z.string().default('default'),
    annotations: names,
    labels: names,
  }),
  spec: z.unknown().default({}),
});

function duplicateCases(suite: DecisionSuiteDocument, document: YamlDocument): Problem[] {
  const seen = new Set<string>();
  return suite.spec.cases.flatMap(({ id }, index) => {
    const at = placeOf(document, ['spec', 'cases', index, 'id']);
    if (seen.has(id))
      return [
        {
          code: 'duplicate-case',
          severity: 'error',
          message: `two cases are called ${id}`,
          at,
        } satisfies Problem,
      ];
    seen.add(id);
    return [];
  });
}
