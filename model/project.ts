/**
 * The project file, greenroom.yaml: what runs, which policies apply, where the scenarios are. The zod schema is the
 * format; its JSON Schema is shipped. Reading fills no defaults that depend on other files: `build-mesh.ts` does.
 */
import { z } from 'zod';
import { extensionProviderSchema } from './istio/extension-provider.ts';
import type { ComposeService } from './compose/translate-service.ts';
import type { Parsed, Position, Problem } from './problem.ts';
import { MOST_REPLICAS } from './replicas.ts';
import { checkValue } from './schema-problems.ts';
import { readSingleYaml, type Positions } from './yaml-source.ts';

const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const dnsLabel = z.string().regex(LABEL, 'lower-case letters, digits and hyphens, at most 63');
const port = z.number().int().min(1).max(65535);

const serviceAccountName = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/, 'not a service account name');

export const projectPortSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'lower-case letters, digits and hyphens')
    .optional()
    .describe("Begins with the protocol, by Istio's rule: `http`, `http-api`, `grpc`, `tcp-db`."),
  port: port.describe('What callers dial.'),
  targetPort: port
    .optional()
    .describe('What the service listens on, and what policies see; default: the same.'),
  appProtocol: z.string().optional().describe('Protocol, where the name does not tell it.'),
});

const pemFile = z.string().min(1);

const clientCredential = [
  z.strictObject({
    certificate: pemFile.describe('PEM file, the leaf first; relative to this file.'),
    key: pemFile.describe('PEM file of its private key, readable by its owner alone (0600).'),
    ca: pemFile.optional().describe('PEM file: who signs for whoever is on the other side.'),
  }),
  z.strictObject({
    ca: pemFile.describe(
      'PEM file: who signs for the servers of a DestinationRule; nothing is shown to them.',
    ),
  }),
  pemFile.describe(
    'Of a path in the file system of the proxy (`/etc/certs`): the file or folder that stands there, relative to this file.',
  ),
] as const;

/** What stands in the cluster's secret of that name, or at that path of the sidecar's file system. */
const clientCredentialSchema = z.union(clientCredential);

/** The same of a gateway, or what is played in the secret's stead. */
const gatewayCredentialSchema = z.union([
  ...clientCredential,
  z.strictObject({
    clientAuthority: z
      .literal('mesh')
      .describe(
        "For development: the session issues the certificate, and MUTUAL servers take whom the mesh's own roots have signed for.",
      ),
  }),
]);

export const projectServiceSchema = z.strictObject({
  build: z
    .union([z.string(), z.strictObject({ context: z.string(), dockerfile: z.string().optional() })])
    .optional()
    .describe('Folder of a Dockerfile; a process runs there too.'),
  image: z.string().min(1).optional().describe('Image for the docker runtime.'),
  command: z
    .union([z.string(), z.array(z.string())])
    .optional()
    .describe('Local command for the process runtime; gets its port as PORT.'),
  attach: z
    .string()
    .regex(
      /^([a-zA-Z0-9.-]+|\[[0-9a-fA-F:]+\]):([1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])$/,
      'host:port, such as 127.0.0.1:3000',
    )
    .optional()
    .describe('Runs already, in your IDE: only its sidecar is ours.'),
  ports: z.array(projectPortSchema).default([]),
  namespace: dnsLabel.optional().describe('Default: the namespace of the mesh.'),
  serviceAccount: serviceAccountName.optional().describe('Default: the name of the service.'),
  labels: z
    .record(z.string(), z.string())
    .default({})
    .describe('`app: <name>` is added when there is no `app`.'),
  replicas: z.number().int().min(0).max(MOST_REPLICAS).default(1),
  environment: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  credentials: z
    .record(z.string().min(1), clientCredentialSchema)
    .optional()
    .describe(
      'What its sidecar needs for the `tls` of DestinationRules: files by `credentialName`, or by path in its file system.',
    ),
  witness: z
    .union([z.literal('log'), z.strictObject({ echo: z.string().regex(/^\//, 'a path that begins with /') })])
    .optional()
    .describe(
      'What can tell whether a request arrived: the service reports it at `echo`, or its `log` does.',
    ),
});

const composeSchema = z.union([
  z.string().min(1),
  z.array(z.string().min(1)).min(1),
  z.strictObject({
    files: z.array(z.string().min(1)).min(1),
    profiles: z.array(z.string().min(1)).default([]).describe('As `--profile`; `*` means all.'),
    envFiles: z.array(z.string().min(1)).default([]).describe('As `--env-file`; without any, `.env`.'),
  }),
]);

/** A gateway workload: what stands in a cluster as `istio-ingressgateway`. Its ports are those of the Gateways that select it. */
export const projectGatewaySchema = z.strictObject({
  namespace: dnsLabel.optional().describe('Default: the namespace of the mesh.'),
  serviceAccount: serviceAccountName.optional().describe('Default: the name of the gateway.'),
  labels: z
    .record(z.string(), z.string())
    .default({})
    .describe(
      'What selectors of Gateways and policies ask for. `app: <name>` is added when there is no `app`.',
    ),
  listen: z
    .record(z.string().regex(/^[1-9]\d{0,4}$/, 'a port of a Gateway'), port)
    .default({})
    .describe("Port of a Gateway → port of this machine's loopback; default: any free one."),
  credentials: z
    .record(z.string().min(1), gatewayCredentialSchema)
    .default({})
    .describe(
      "Files by `credentialName`; for Gateways' others the session issues certificates, for development. For DestinationRules also by path in the gateway's file system.",
    ),
});

export const meshConfigSchema = z.strictObject({
  pathNormalization: z
    .enum(['NONE', 'BASE', 'MERGE_SLASHES', 'DECODE_AND_MERGE_SLASHES', 'DEFAULT'])
    .default('BASE'),
  outboundTrafficPolicy: z
    .enum(['REGISTRY_ONLY', 'ALLOW_ANY'])
    .default('ALLOW_ANY')
    .describe("Istio's own default lets services call unknown hosts."),
  rootNamespace: dnsLabel.default('istio-system'),
  trustDomainAliases: z.array(z.string()).default([]),
  numTrustedProxies: z.number().int().min(0).max(100).default(0),
  extensionProviders: z
    .array(extensionProviderSchema)
    .default([])
    .describe('Authorizers that CUSTOM policies name: services of this mesh.'),
});

export const projectSchema = z.strictObject({
  apiVersion: z.literal('greenroom.dev/v1'),
  kind: z.literal('Mesh'),
  metadata: z.strictObject({ name: dnsLabel }),
  spec: z.strictObject({
    namespace: dnsLabel.default('default').describe('Of every service and policy that names none.'),
    trustDomain: z
      .string()
      .regex(/^[a-z0-9._-]{1,255}$/, 'lower-case letters, digits, dots, hyphens, underscores')
      .default('cluster.local'),
    compose: composeSchema
      .optional()
      .describe('A Compose file, or several; `services` refines what comes from there.'),
    services: z
      .record(
        z
          .string()
          .regex(
            /^([a-z0-9][-a-z0-9]*\/)?[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
            'a service name: lower-case letters, digits and hyphens; or namespace/name',
          ),
        projectServiceSchema,
      )
      .default({}),
    gateways: z
      .record(dnsLabel, projectGatewaySchema)
      .default({})
      .describe('Gateways that run here, by the name of their workload.'),
    policies: z
      .array(z.string().min(1))
      .default([])
      .describe('Folders or files of Kubernetes YAML, as applied to the cluster.'),
    scenarios: z.array(z.string().min(1)).default([]).describe('Folders or files, *.scenario.yaml.'),
    ignore: z
      .array(z.string())
      .default([])
      .describe('Kinds that Greenroom shall leave out although they could change a verdict.'),
    meshConfig: meshConfigSchema.prefault({}),
  }),
});

export type ProjectDocument = z.infer<typeof projectSchema>;
export type ProjectService = z.infer<typeof projectServiceSchema>;
export type ProjectGateway = z.infer<typeof projectGatewaySchema>;
export type ProjectCredential = z.infer<typeof gatewayCredentialSchema>;
export type ProjectPort = z.infer<typeof projectPortSchema>;

/** A project file as read, with the place of every field. */
export interface Project extends ProjectDocument {
  file: string;
  at: Position;
  positions: Positions;
  /** What a service has from a Compose file, by its key in `spec.services`. */
  compose?: Readonly<Record<string, ComposeService>>;
  /** Absolute, with what they include and read variables from. */
  composeFiles?: readonly string[];
  /** What a reviewer would ask of its containers. */
  containerFindings?: readonly Problem[];
}

/** Reads greenroom.yaml. `file` is the path as shown in problems. */
export function parseProject(text: string, file: string): Parsed<Project> {
  const { document, problems } = readSingleYaml(text, file);
  if (!document) return { value: null, problems };
  const checked = checkValue(projectSchema, document);
  if (!checked.value) return { value: null, problems: checked.problems };
  return { value: { ...checked.value, file, at: document.at, positions: document.positions }, problems: [] };
}
