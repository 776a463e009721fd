/**
 * Which ports the services of a Compose file listen on and what they speak, from all that the file says of it. A
 * guess always has its reason, so that a reader of greenroom.yaml can judge it.
 */
import { portProtocol } from '../port-protocol.ts';
import {
  nameOfPort,
  serverNamedIn,
  serverOfScheme,
  serverProbedBy,
  type KnownServer,
} from './known-servers.ts';
import type { ComposeService } from './translate-service.ts';

export interface GuessedPort {
  port: number;
  name: string;
  /** `the image postgres:16`, `a URL of api`. */
  why: string;
}

interface Evidence {
  port: number;
  name: string | null;
  why: string;
}

/** By the mesh's name of each service. `dockerfiles`: texts by Compose's names, of services that are built. */
export function guessPorts(
  services: readonly ComposeService[],
  dockerfiles: ReadonlyMap<string, string>,
): Map<string, GuessedPort[]> {
  return new Map(
    services.map((service) => {
      // It ends before anybody could call it.
      if (service.container.runsToCompletion) return [service.name, settle(written(service), null)];
      const evidence = [
        ...written(service),
        ...referred(service, services),
        ...probed(service),
        ...(isOneOfSeveralUses(service, services) ? [] : exposed(dockerfiles.get(service.composeName))),
        ...fromVariable(service),
      ];
      const known = knownServer(service);
      if (evidence.length === 0 && known) evidence.push(known);
      return [service.name, settle(evidence, known)];
    }),
  );
}

function written({ ports }: ComposeService): Evidence[] {
  return ports.map((port) => {
    const found = portProtocol(port);
    const declared =
      port.appProtocol === undefined ? port.name : 'protocol' in found ? found.protocol : undefined;
    const name = found.kind === 'declared' ? (declared ?? null) : null;
    return { port: port.port, name, why: 'the Compose file' };
  });
}

/** What others are told of where this service is: URLs, and `name:port`. */
function referred(service: ComposeService, services: readonly ComposeService[]): Evidence[] {
  const names = [service.composeName, service.name, ...service.aliases].map((name) =>
    name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`),
  );
  const url = new RegExp(
    String.raw`\b([a-z][a-z0-9+]*):\/\/(?:[^\s/@]*@)?(?:${names.join('|')})(?::(\d{2,5}))?(?=[/?#\s"',;]|$)`,
    'gi',
  );
  const address = new RegExp(
    String.raw`(?:^|[\s,;="'@])(?:${names.join('|')}):(\d{2,5})(?=[/?#\s"',;]|$)`,
    'gi',
  );
  return services
    .filter((other) => other !== service)
    .flatMap((other) => {
      const why = `what ${other.composeName} is told`;
      const texts = [...Object.values(other.environment), ...(other.container.command ?? [])];
      return texts.flatMap((text) => [
        ...[...text.matchAll(url)].flatMap(([, scheme, port]): Evidence[] => {
          const server = serverOfScheme(scheme ?? '');
          const number = port === undefined ? server?.port : Number(port);
          return number === undefined ? [] : [{ port: number, name: server?.name ?? null, why }];
        }),
        ...[...text.matchAll(address)].map(([, port]): Evidence => ({ port: Number(port), name: null, why })),
      ]);
    });
}

/** Where its health check looks. */
function probed({ container }: ComposeService): Evidence[] {
  const test = (container.healthcheck?.test ?? []).join(' ');
  const why = 'the health check';
  const urls = [
    ...test.matchAll(/\b(https?):\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::(\d{2,5}))?/g),
  ];
  const found = urls.map(([, scheme, port]): Evidence => {
    const https = scheme === 'https';
    return {
      port: port === undefined ? (https ? 443 : 80) : Number(port),
      name: https ? 'https' : 'http',
      why,
    };
  });
  const server = serverProbedBy(test);
  if (server === null) return found;
  const other = /(?:^|\s)(?:-p|--port[= ])\s?(\d{2,5})\b/.exec(test)?.[1];
  return [...found, { name: server.name, port: other === undefined ? server.port : Number(other), why }];
}

/** A worker built from the API's folder, with a command of its own, doesn't listen where the API does. */
function isOneOfSeveralUses(service: ComposeService, services: readonly ComposeService[]): boolean {
  if (service.container.command === undefined && service.container.entrypoint === undefined) return false;
  const folder = service.build?.context;
  return (
    folder !== undefined && services.some((other) => other !== service && other.build?.context === folder)
  );
}

/** `EXPOSE` of the Dockerfile's last stage. */
function exposed(dockerfile: string | undefined): Evidence[] {
  const stage = (dockerfile ?? '').split(/^\s*FROM\s/im).at(-1) ?? '';
  return [...stage.matchAll(/^\s*EXPOSE\s+(.+)$/gim)].flatMap(([, ports]) =>
    (ports ?? '').split(/\s+/).flatMap((text): Evidence[] => {
      const port = /^(\d{1,5})(?:\/tcp)?$/.exec(text)?.[1];
      return port === undefined ? [] : [{ port: Number(port), name: null, why: 'EXPOSE of its Dockerfile' }];
    }),
  );
}

/** Many programs are told by PORT. */
function fromVariable({ environment }: ComposeService): Evidence[] {
  const port = Number(environment['PORT']);
  return Number.isInteger(port) && port > 0 && port < 65_536
    ? [{ port, name: null, why: 'its variable PORT' }]
    : [];
}

function knownServer({ image, container }: ComposeService): (KnownServer & { why: string }) | null {
  // With an entry point of its own a container runs what that names, whatever its image is known for.
  const ofImage =
    image === null || container.entrypoint !== undefined
      ? null
      : serverNamedIn(image.split('/').at(-1) ?? '');
  if (ofImage) return { ...ofImage, why: `the image ${image}` };
  const command = [...(container.entrypoint ?? []), ...(container.command ?? [])].slice(0, 1).join(' ');
  const ofCommand = serverNamedIn(command.split('/').at(-1) ?? '');
  return ofCommand ? { ...ofCommand, why: `the command ${command}` } : null;
}

/** One of each number, the first reason that names a protocol; names are made different. */
function settle(evidence: readonly Evidence[], known: KnownServer | null): GuessedPort[] {
  const numbers = [...new Set(evidence.map(({ port }) => port))].sort((a, b) => a - b);
  const taken = new Set<string>();
  return numbers.map((port) => {
    const about = evidence.filter((one) => one.port === port);
    const telling = about.find(({ name }) => name !== null) ?? about[0];
    // An only port of a known server is that server's, whatever its number.
    const byServer = known && (known.port === port || numbers.length === 1) ? known.name : null;
    const name = telling?.name ?? byServer ?? nameOfPort(port) ?? 'tcp';
    const unique = taken.has(name) ? `${name}-${port}` : name;
    taken.add(unique);
    return { port, name: unique, why: telling?.why ?? '' };
  });
}
