/** Deployments and Services of a stream -> services of a mesh. Pure; what can't be taken along is told with its line. */
import { hasErrors, type Parsed, type Problem } from '../problem.ts';
import type { ProjectPort } from '../project.ts';
import { placeOf } from '../yaml-source.ts';
import { importPod, type ImportedContainer } from './import-pod.ts';
import type { ClusterObjects, ConfigMap, Placed, PodContainer, Service, Workload } from './objects.ts';

export interface ImportedService {
  name: string;
  namespace: string;
  serviceAccount: string;
  labels: Readonly<Record<string, string>>;
  replicas: number;
  ports: readonly ProjectPort[];
  container: ImportedContainer;
}

/** `namespace`: of objects that name none. Sorted by name. */
export function importServices(objects: ClusterObjects, namespace: string): Parsed<ImportedService[]> {
  const problems = [...objects.problems];
  const services = servicesOf(objects, namespace, problems);
  const imported: ImportedService[] = [];
  for (const workload of objects.workloads) {
    const service = services.get(workload);
    const one = importWorkload(workload, service, objects, namespace, problems);
    const rival = imported.find(({ name }) => name === one?.name);
    if (one && rival)
      problems.push({
        code: 'duplicate-service',
        severity: 'error',
        message: `two services are called ${one.name}, in ${rival.namespace} and in ${one.namespace}: Compose has one name for both`,
        hint: 'import the namespaces one by one',
        at: workload.document.at,
      });
    else if (one) imported.push(one);
  }
  imported.sort((a, b) => (a.name < b.name ? -1 : 1));
  return hasErrors(problems) ? { value: null, problems } : { value: imported, problems };
}

/** The Service of each workload that has one; a workload has one name here. */
function servicesOf(
  objects: ClusterObjects,
  namespace: string,
  problems: Problem[],
): Map<Placed<Workload>, Placed<Service>> {
  const services = new Map<Placed<Workload>, Placed<Service>>();
  for (const service of objects.services) {
    const owner = objects.workloads.find((workload) => selects(service.value, workload.value, namespace));
    const other = owner && services.get(owner);
    if (owner && !other) {
      services.set(owner, service);
      continue;
    }
    const why = other
      ? `${other.value.metadata.name} leads to the same pods already, and a workload has one name here`
      : 'nothing in this file is what it selects';
    problems.push({
      code: 'import-lost',
      severity: 'warning',
      message: `Service ${service.value.metadata.name} isn't imported: ${why}`,
      at: placeOf(service.document, ['spec', 'selector']),
    });
  }
  return services;
}

/** Without a selector a Service selects nothing. */
function selects(service: Service, workload: Workload, namespace: string): boolean {
  const selector = Object.entries(service.spec.selector ?? {});
  const labels = workload.spec.template.metadata?.labels ?? {};
  const together = (workload.metadata.namespace ?? namespace) === (service.metadata.namespace ?? namespace);
  return together && selector.length > 0 && selector.every(([name, wanted]) => labels[name] === wanted);
}

function importWorkload(
  { value, document }: Placed<Workload>,
  service: Placed<Service> | undefined,
  objects: ClusterObjects,
  defaultNamespace: string,
  problems: Problem[],
): ImportedService | null {
  const { metadata, spec } = value;
  const { template } = spec;
  const namespace = metadata.namespace ?? defaultNamespace;
  if (
    template.metadata?.annotations?.['sidecar.istio.io/inject'] === 'false' ||
    template.metadata?.labels?.['sidecar.istio.io/inject'] === 'false'
  )
    problems.push({
      code: 'import-lost',
      severity: 'warning',
      message: `${metadata.name}: has no sidecar in the cluster, and gets one here`,
      at: placeOf(document, ['spec', 'template', 'metadata']),
    });
  const container = importPod(template.spec, {
    owner: metadata.name,
    document,
    path: ['spec', 'template', 'spec'],
    configMaps: configMapsOf(objects, namespace, defaultNamespace),
    problems,
  });
  if (container === null) return null;
  const ports = service ? portsOf(service, template.spec.containers, problems) : [];
  return {
    name: service?.value.metadata.name ?? metadata.name,
    namespace,
    serviceAccount: template.spec.serviceAccountName ?? 'default',
    labels: template.metadata?.labels ?? {},
    replicas: spec.replicas ?? 1,
    ports,
    container,
  };
}

function configMapsOf(
  objects: ClusterObjects,
  namespace: string,
  defaultNamespace: string,
): ReadonlyMap<string, ConfigMap> {
  return new Map(
    objects.configMaps
      .filter(({ value }) => (value.metadata.namespace ?? defaultNamespace) === namespace)
      .map(({ value }) => [value.metadata.name, value]),
  );
}

function portsOf(
  { value, document }: Placed<Service>,
  containers: readonly PodContainer[],
  problems: Problem[],
): ProjectPort[] {
  return (value.spec.ports ?? []).flatMap(
    ({ name, port, targetPort, protocol, appProtocol }, index): ProjectPort[] => {
      const named = containers
        .flatMap(({ ports }) => ports ?? [])
        .find((candidate) => candidate.name === targetPort);
      const target =
        typeof targetPort === 'string' ? (named?.containerPort ?? Number.NaN) : (targetPort ?? port);
      const why =
        (protocol ?? 'TCP') !== 'TCP'
          ? 'the mesh carries TCP'
          : Number.isNaN(target)
            ? `no container has a port called ${targetPort}`
            : null;
      if (why !== null) {
        problems.push({
          code: 'import-lost',
          severity: 'warning',
          message: `Service ${value.metadata.name}: port ${port} isn't imported: ${why}`,
          at: placeOf(document, ['spec', 'ports', index]),
        });
        return [];
      }
      return [
        {
          port,
          ...(name === undefined ? {} : { name }),
          ...(target === port ? {} : { targetPort: target }),
          ...(appProtocol === undefined ? {} : { appProtocol }),
        },
      ];
    },
  );
}
