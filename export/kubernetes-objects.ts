/**
 * One workload as the Kubernetes objects that run it: ServiceAccount, ConfigMap, Deployment, Service. Plain values;
 * what the laptop knows and a cluster can't be told comes back as problems.
 */
import { containerFields, unexpanded } from './container-fields.ts';
import type { MeshPort, Workload } from '../model/mesh.ts';
import type { Problem } from '../model/problem.ts';

export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  [field: string]: unknown;
}

/** Istio reads the protocol from the port's name (`http-api`); only another one needs appProtocol, and one that nobody said none. */
function servicePort(port: MeshPort): object {
  const named =
    port.protocol === 'auto' || port.name === port.protocol || port.name.startsWith(`${port.protocol}-`);
  return {
    name: port.name,
    port: port.port,
    targetPort: port.targetPort,
    ...(named ? {} : { appProtocol: port.protocol }),
  };
}

function lost(workload: Workload, what: string, hint: string): Problem {
  return {
    code: 'lost-in-export',
    severity: 'warning',
    message: `${workload.id}: ${what}`,
    hint,
    at: workload.at,
  };
}

/** Environment that names Greenroom's own listeners has no meaning in a cluster. */
function clusterEnvironment(workload: Workload, problems: Problem[]): [string, string][] {
  return Object.entries(workload.run.environment)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .filter(([name, value]) => {
      const local = value.includes('GREENROOM_');
      if (local) {
        problems.push(
          lost(
            workload,
            `environment ${name} refers to Greenroom's own addresses and is left out`,
            "set it to the service's name in the cluster",
          ),
        );
      }
      return !local;
    });
}

function image(workload: Workload, problems: Problem[]): string {
  if (workload.run.image !== null) return workload.run.image;
  const placeholder = `${workload.name}:dev`;
  const runs = workload.run.attach
    ? `attach ${workload.run.attach}`
    : (workload.run.command?.join(' ') ?? 'build');
  problems.push(
    lost(
      workload,
      `it runs \`${runs}\` here and names no image; the Deployment says \`${placeholder}\``,
      'give the service an `image:`, or set one with kustomize',
    ),
  );
  return placeholder;
}

/**
 * The objects of one workload, in the order in which they are applied.
 * @param problems collects what is lost
 */
export function workloadObjects(workload: Workload, problems: Problem[]): KubernetesObject[] {
  const { name, namespace } = workload;
  const app = workload.labels['app'] ?? name;
  const labels = { ...workload.labels, app };
  const metadata = { name, namespace, labels: { app } };
  const environment = clusterEnvironment(workload, problems);
  const firstPort = workload.ports[0];
  const config: KubernetesObject[] =
    environment.length === 0
      ? []
      : [{ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: Object.fromEntries(environment) }];
  const fields = containerFields(workload);
  if (fields.lost.length > 0)
    problems.push(
      lost(
        workload,
        `not exported: ${fields.lost.join('; ')}`,
        'add it with kustomize, as a Secret, a ConfigMap or a claim',
      ),
    );
  const container = {
    name,
    image: image(workload, problems),
    ...(workload.run.image !== null && workload.run.command !== null
      ? { command: workload.run.command.map(unexpanded) }
      : {}),
    ...(environment.length === 0 ? {} : { envFrom: [{ configMapRef: { name } }] }),
    ...(firstPort && workload.run.environment['PORT'] === undefined
      ? { env: [{ name: 'PORT', value: String(firstPort.targetPort) }] }
      : {}),
    ports: workload.ports.map((port) => ({ name: port.name, containerPort: port.targetPort })),
    ...fields.container,
  };
  const pod = { serviceAccountName: workload.serviceAccount, ...fields.pod, containers: [container] };
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: workload.serviceAccount, namespace } },
    ...config,
    workload.run.container?.runsToCompletion === true
      ? {
          apiVersion: 'batch/v1',
          kind: 'Job',
          metadata,
          spec: { template: { metadata: { labels }, spec: { restartPolicy: 'OnFailure', ...pod } } },
        }
      : {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata,
          spec: {
            replicas: workload.instances.length,
            selector: { matchLabels: { app } },
            template: { metadata: { labels }, spec: pod },
          },
        },
    ...serviceOf(workload, metadata, app),
  ];
}

/** None for a workload that nobody can call: a Service needs a port. */
function serviceOf(
  workload: Workload,
  metadata: KubernetesObject['metadata'],
  app: string,
): KubernetesObject[] {
  if (workload.ports.length === 0) return [];
  const spec = { selector: { app }, ports: workload.ports.map(servicePort) };
  return [{ apiVersion: 'v1', kind: 'Service', metadata, spec }];
}
