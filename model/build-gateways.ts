/** Gateways of the project file -> `MeshGateway`s: identities, addresses, files. */
import type { MeshSurroundings } from './build-mesh.ts';
import { buildClientCredentials } from './client-credentials.ts';
import type { MeshGateway, Workload } from './mesh.ts';
import type { Problem } from './problem.ts';
import type { Project, ProjectGateway } from './project.ts';
import { workloadSpiffeId } from './spiffe-id.ts';
import { placeOf } from './yaml-source.ts';

/** The second-last number of gateways' pod addresses: services never get so far. */
const SUBNET = 254;

/** Sorted by id. Two that want one port of this machine are a problem, and a name that a service of the namespace has. */
export function buildGateways(
  project: Project,
  workloads: readonly Workload[],
  surroundings: Pick<MeshSurroundings, 'resolve'>,
  problems: Problem[],
): MeshGateway[] {
  const names = Object.keys(project.spec.gateways).toSorted();
  const gateways = names.map((name, index) => {
    const written = project.spec.gateways[name] as ProjectGateway;
    const namespace = written.namespace ?? project.spec.namespace;
    const rivals = workloads.filter((workload) => workload.name === name);
    const at = placeOf(project, ['spec', 'gateways', name]);
    if (rivals.some((workload) => workload.namespace === namespace))
      problems.push({
        code: 'duplicate-service',
        severity: 'error',
        message: `gateway ${name} and a service of namespace ${namespace} have one name`,
        hint: 'rename one of them',
        at,
      });
    const id = rivals.length > 0 ? `${namespace}/${name}` : name;
    const serviceAccount = written.serviceAccount ?? name;
    const clientCredentials = buildClientCredentials(
      written.credentials,
      (path) => surroundings.resolve(path),
      (credential) => placeOf(project, ['spec', 'gateways', name, 'credentials', credential]),
    );
    return {
      name,
      id,
      namespace,
      serviceAccount,
      spiffeId: workloadSpiffeId(project.spec.trustDomain, namespace, serviceAccount),
      labels: { app: name, ...written.labels },
      instance: { id: `${id}-0`, workload: id, podIp: `10.244.${SUBNET}.${index + 1}` },
      listen: written.listen,
      credentials: credentialsOf(project, name, written, surroundings),
      meshClients: Object.entries(written.credentials).flatMap(([credential, one]) =>
        typeof one === 'object' && 'clientAuthority' in one ? [credential] : [],
      ),
      ...(clientCredentials === null ? {} : { clientCredentials }),
      at,
    };
  });
  problems.push(...takenTwice(project));
  return gateways;
}

function credentialsOf(
  project: Project,
  gateway: string,
  { credentials }: ProjectGateway,
  { resolve }: Pick<MeshSurroundings, 'resolve'>,
): MeshGateway['credentials'] {
  return Object.fromEntries(
    Object.entries(credentials).flatMap(([name, one]) => {
      // Of a server, a certificate and its key are the least.
      if (typeof one === 'string' || !('certificate' in one)) return [];
      const files = {
        certificate: resolve(one.certificate),
        key: resolve(one.key),
        ca: one.ca === undefined ? null : resolve(one.ca),
        at: placeOf(project, ['spec', 'gateways', gateway, 'credentials', name]),
      };
      return [[name, files] as const];
    }),
  );
}

function takenTwice(project: Project): Problem[] {
  const owners = new Map<number, string>();
  return Object.entries(project.spec.gateways).flatMap(([gateway, { listen }]) =>
    Object.entries(listen).flatMap(([port, own]): Problem[] => {
      const earlier = owners.get(own);
      owners.set(own, earlier ?? `port ${port} of ${gateway}`);
      if (earlier === undefined) return [];
      return [
        {
          code: 'duplicate-port',
          severity: 'error',
          message: `${earlier} listens on ${own} of this machine already`,
          at: placeOf(project, ['spec', 'gateways', gateway, 'listen', port]),
        },
      ];
    }),
  );
}
