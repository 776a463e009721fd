/** `ports` and `expose` of a Compose service -> ports of a service of the mesh, and what is opened on this machine. */
import type { Problem } from '../problem.ts';
import type { ProjectPort } from '../project.ts';
import type { ComposeServiceConfig } from './compose-config.ts';
import type { ComposeSource } from './compose-source.ts';
import { lostKey } from './lost-keys.ts';
import { portRange } from './quantities.ts';

export interface TranslatedPorts {
  ports: ProjectPort[];
  published: { targetPort: number; port: number }[];
}

/** What callers dial in Compose is the container's port, so that is the service's port too. */
export function translatePorts(
  service: string,
  config: ComposeServiceConfig,
  source: ComposeSource,
  problems: Problem[],
): TranslatedPorts {
  const ports = new Map<number, ProjectPort>();
  const published: TranslatedPorts['published'] = [];
  const add = (
    port: number,
    more: { name?: string | undefined; app_protocol?: string | undefined },
  ): void => {
    const before = ports.get(port);
    const name = portName(more.name) ?? before?.name;
    const appProtocol = more.app_protocol ?? before?.appProtocol;
    ports.set(port, { port, ...(name ? { name } : {}), ...(appProtocol ? { appProtocol } : {}) });
  };
  for (const [index, port] of (config.ports ?? []).entries()) {
    if (port.protocol !== 'tcp') {
      problems.push(
        lostKey(source, service, ['ports', index], `${port.target}/${port.protocol}: the mesh carries TCP`),
      );
      continue;
    }
    add(port.target, port);
    if (port.published === undefined) continue;
    const range = portRange(port.published);
    if (range?.ports.length === 1) published.push({ targetPort: port.target, port: range.ports[0] ?? 0 });
    else
      problems.push(
        lostKey(
          source,
          service,
          ['ports', index, 'published'],
          'one port of this machine is opened, not a range',
        ),
      );
  }
  for (const text of config.expose ?? []) {
    const range = portRange(text);
    if (range === null || range.protocol !== 'tcp')
      problems.push(lostKey(source, service, ['expose'], 'the mesh carries TCP', text));
    else for (const port of range.ports) add(port, {});
  }
  const all = [...ports.values()];
  // Kubernetes wants a name for each of several; one that tells no protocol leaves that open.
  const named =
    all.length < 2 ? all : all.map((port) => ({ ...port, name: port.name ?? `port-${port.port}` }));
  return { ports: named, published };
}

/** As Kubernetes takes it. */
function portName(name: string | undefined): string | undefined {
  const plain = name
    ?.toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  return plain === '' ? undefined : plain?.slice(0, 63);
}
