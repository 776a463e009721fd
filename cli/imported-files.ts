/** What `import` writes: a Compose file and a greenroom.yaml. Pure: imported services -> texts. */
import { stringify } from 'yaml';
import type { GuessedGateway } from '../model/compose/guess-gateways.ts';
import type { ImportedService } from '../model/kubernetes/import-services.ts';

const HEADER = '# Written by greenroom import, from ';

/** Images, commands and variables, as Compose has them. */
export function renderCompose(services: readonly ImportedService[], from: string): string {
  const configs: Record<string, { content: string }> = {};
  const rendered = services.map(({ name, container }) => {
    const { environment, tmpfs, files, ...words } = container;
    const uses = files.map(({ target, text }, index) => {
      configs[`${name}-${index}`] = { content: text };
      return { source: `${name}-${index}`, target };
    });
    return [
      name,
      {
        ...words,
        ...(Object.keys(environment).length > 0 ? { environment } : {}),
        ...(tmpfs.length > 0 ? { tmpfs } : {}),
        ...(uses.length > 0 ? { configs: uses } : {}),
      },
    ];
  });
  const file = {
    services: Object.fromEntries(rendered) as unknown,
    ...(Object.keys(configs).length > 0 ? { configs } : {}),
  };
  return `${HEADER}${from}.\n${stringify(doubled(file), { lineWidth: 0 })}`;
}

/** A dollar of a value is two in a Compose file. */
function doubled(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('$', '$$$$');
  if (Array.isArray(value)) return value.map(doubled);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, doubled(inner)]));
}

export interface ImportedProject {
  meshName: string;
  namespace: string;
  composeFile: string;
  /** Files of policies, as they stand in the project file. */
  policies: readonly string[];
  services: readonly ImportedService[];
  gateways: readonly GuessedGateway[];
}

/** Identities, ports, labels and replicas, as the cluster has them. */
export function renderProject(project: ImportedProject, from: string): string {
  const services = project.services.map(({ name, namespace, serviceAccount, labels, replicas, ports }) => [
    name,
    {
      ...(namespace === project.namespace ? {} : { namespace }),
      serviceAccount,
      ...(Object.keys(labels).length > 0 ? { labels } : {}),
      ...(replicas === 1 ? {} : { replicas }),
      ports,
    },
  ]);
  const file = {
    apiVersion: 'greenroom.dev/v1',
    kind: 'Mesh',
    metadata: { name: project.meshName },
    spec: {
      namespace: project.namespace,
      compose: project.composeFile,
      services: Object.fromEntries(services) as unknown,
      ...(project.gateways.length > 0 ? { gateways: gatewaysOf(project.gateways) } : {}),
      ...(project.policies.length > 0 ? { policies: project.policies } : {}),
    },
  };
  return `${HEADER}${from}. Policies are read from there, as they are.\n${stringify(file, { lineWidth: 0 })}`;
}

/** Keys never leave a cluster this way: for development the session issues what a Secret would hold. */
function gatewaysOf(gateways: readonly GuessedGateway[]): Record<string, unknown> {
  return Object.fromEntries(
    gateways.map(({ name, namespace, serviceAccount, labels, clientCredentials }) => [
      name,
      {
        ...(namespace === null ? {} : { namespace }),
        ...(serviceAccount === null ? {} : { serviceAccount }),
        labels,
        ...(clientCredentials.length > 0
          ? {
              credentials: Object.fromEntries(
                clientCredentials.map((credential) => [credential, { clientAuthority: 'mesh' }]),
              ),
            }
          : {}),
      },
    ]),
  );
}
