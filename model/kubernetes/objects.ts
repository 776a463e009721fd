/**
 * The objects of a stream that say what runs: Deployments and their like, Services, ConfigMaps. As far as they are
 * read here; a cluster's own additions (status, managed fields) stay unread.
 */
import { z } from 'zod';
import { documentsWithin } from '../policy-file.ts';
import type { Problem } from '../problem.ts';
import { checkValue } from '../schema-problems.ts';
import { renderingProblem } from '../unrendered.ts';
import { readYaml, type YamlDocument } from '../yaml-source.ts';

const text = z.string();
const metadata = z.looseObject({
  name: text,
  namespace: text.optional(),
  labels: z.record(text, text).nullish(),
  annotations: z.record(text, text).nullish(),
  ownerReferences: z.array(z.unknown()).nullish(),
});
const keyRef = z.looseObject({ name: text.optional(), key: text });

const container = z.looseObject({
  name: text,
  image: text.optional(),
  command: z.array(text).nullish(),
  args: z.array(text).nullish(),
  workingDir: text.optional(),
  env: z
    .array(
      z.looseObject({
        name: text,
        value: text.optional(),
        valueFrom: z.looseObject({ configMapKeyRef: keyRef.optional() }).optional(),
      }),
    )
    .nullish(),
  envFrom: z
    .array(z.looseObject({ prefix: text.optional(), configMapRef: z.looseObject({ name: text }).optional() }))
    .nullish(),
  ports: z.array(z.looseObject({ name: text.optional(), containerPort: z.number() })).nullish(),
  volumeMounts: z
    .array(
      z.looseObject({ name: text, mountPath: text, subPath: text.optional(), subPathExpr: text.optional() }),
    )
    .nullish(),
  securityContext: z
    .looseObject({
      runAsUser: z.number().optional(),
      runAsGroup: z.number().optional(),
      readOnlyRootFilesystem: z.boolean().optional(),
      capabilities: z.looseObject({ drop: z.array(text).nullish() }).nullish(),
    })
    .nullish(),
});
export type PodContainer = z.infer<typeof container>;

const podSpec = z.looseObject({
  serviceAccountName: text.optional(),
  containers: z.array(container).min(1),
  volumes: z
    .array(
      z.looseObject({
        name: text,
        configMap: z.looseObject({ name: text.optional(), items: z.array(z.unknown()).nullish() }).optional(),
        emptyDir: z.looseObject({}).nullish(),
      }),
    )
    .nullish(),
  terminationGracePeriodSeconds: z.number().optional(),
  securityContext: z
    .looseObject({ runAsUser: z.number().optional(), runAsGroup: z.number().optional() })
    .nullish(),
});
export type PodSpec = z.infer<typeof podSpec>;

const workload = z.looseObject({
  metadata,
  spec: z.looseObject({
    replicas: z.number().int().min(0).max(100).optional(),
    template: z.looseObject({
      metadata: z
        .looseObject({ labels: z.record(text, text).nullish(), annotations: z.record(text, text).nullish() })
        .nullish(),
      spec: podSpec,
    }),
  }),
});

const service = z.looseObject({
  metadata,
  spec: z.looseObject({
    type: text.optional(),
    selector: z.record(text, text).nullish(),
    ports: z
      .array(
        z.looseObject({
          name: text.optional(),
          port: z.number(),
          targetPort: z.union([z.number(), text]).optional(),
          protocol: text.optional(),
          appProtocol: text.optional(),
        }),
      )
      .nullish(),
  }),
});

const configMap = z.looseObject({ metadata, data: z.record(text, text).nullish() });

export type Workload = z.infer<typeof workload>;
export type Service = z.infer<typeof service>;
export type ConfigMap = z.infer<typeof configMap>;

/** An object with its places. */
export interface Placed<T> {
  value: T;
  document: YamlDocument;
}

export interface ClusterObjects {
  workloads: Placed<Workload>[];
  services: Placed<Service>[];
  configMaps: Placed<ConfigMap>[];
  /** Kinds of the others, as `AuthorizationPolicy`. */
  others: Set<string>;
  problems: Problem[];
}

const WORKLOADS = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet']);
/** They run something, but not as a service does. */
const LOST = new Set(['Job', 'CronJob', 'Pod', 'ReplicationController']);

/** Reads a stream: documents, and Lists as kubectl prints them. */
export function readClusterObjects(source: string, file: string): ClusterObjects {
  const { documents, problems } = readYaml(source, file, 'kubernetes');
  const rendering = renderingProblem(source, file, problems);
  const found: ClusterObjects = {
    workloads: [],
    services: [],
    configMaps: [],
    others: new Set(),
    problems: rendering ? [rendering] : problems,
  };
  if (!rendering) for (const document of documents) readDocument(document, found);
  return found;
}

function readDocument(document: YamlDocument, into: ClusterObjects): void {
  const head = z.looseObject({ kind: text }).safeParse(document.value);
  const kind = head.success ? head.data.kind : '';
  const items = head.success ? head.data['items'] : undefined;
  if (kind.endsWith('List') && Array.isArray(items)) {
    for (const item of documentsWithin(document, ['items'], items)) readDocument(item, into);
  } else if (isOwned(document)) {
    // What a Deployment made of itself; the Deployment is there too.
  } else if (WORKLOADS.has(kind)) add(document, workload, into.workloads, into.problems);
  else if (kind === 'Service') add(document, service, into.services, into.problems);
  else if (kind === 'ConfigMap') add(document, configMap, into.configMaps, into.problems);
  else if (LOST.has(kind)) into.problems.push(lostObject(document, kind));
  else into.others.add(kind);
}

function isOwned({ value }: YamlDocument): boolean {
  const read = z.looseObject({ metadata }).safeParse(value);
  return read.success && (read.data.metadata.ownerReferences ?? []).length > 0;
}

function add<T>(document: YamlDocument, schema: z.ZodType<T>, to: Placed<T>[], problems: Problem[]): void {
  const checked = checkValue(schema, document);
  if (checked.value) to.push({ value: checked.value, document });
  else problems.push(...checked.problems);
}

function lostObject(document: YamlDocument, kind: string): Problem {
  return {
    code: 'import-lost',
    severity: 'warning',
    message: `this ${kind} isn't imported: services run as long as the mesh does`,
    at: document.at,
  };
}
