/**
 * The environment a service gets: what any program needs to run at all, what the project file says, and where its
 * sidecar is. Not our own environment: it holds the developer's tokens, and a service that works only because of
 * them would work nowhere else. As in a container, what a service needs is written in the project file.
 */
import { delimiter, dirname } from 'node:path';
import type { Workload } from '../../../model/mesh.ts';
import { EnvironmentError } from '../../../model/environment-error.ts';
import type { EgressPlan } from '../runtime.ts';

const INHERITED = new Set([
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'LANG',
  'LANGUAGE',
  'TZ',
  'TMPDIR',
  'TEMP',
  'TMP',
  'SYSTEMROOT',
  'SYSTEMDRIVE',
  'WINDIR',
  'COMSPEC',
  'PATHEXT',
  'USERPROFILE',
  'APPDATA',
  'LOCALAPPDATA',
  'PROGRAMDATA',
  'PROGRAMFILES',
  'JAVA_HOME',
  'GOPATH',
  'GOROOT',
]);

/** The part of `from` (ours) that says where things are, and no more. */
export function inheritedEnvironment(from: NodeJS.ProcessEnv): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(from)) {
    const upper = name.toUpperCase();
    if (value !== undefined && (INHERITED.has(upper) || upper.startsWith('LC_'))) kept[name] = value;
  }
  return kept;
}

/** `orders-api` → `ORDERS_API`. */
export function variableName(service: string): string {
  return service.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_');
}

export interface ServiceEnvironmentInput {
  sessionId: string;
  instance: string;
  workload: Workload;
  /** Where the service shall listen, by workload port. */
  ports: readonly { port: number; upstreamPort: number }[];
  egress: EgressPlan;
  inherited: Readonly<Record<string, string>>;
  /** Its folder comes first on PATH, so that `node` is the one that Greenroom runs on; absent = PATH is the image's. */
  execPath?: string;
}

export function serviceEnvironment(input: ServiceEnvironmentInput): Record<string, string> {
  const pathName = Object.keys(input.inherited).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
  const path = input.execPath
    ? { [pathName]: [dirname(input.execPath), input.inherited[pathName]].filter(Boolean).join(delimiter) }
    : {};
  return {
    ...input.inherited,
    ...path,
    ...wayOut(input),
    // After what is declared: the mark by which leftovers are found isn't the project's to change.
    GREENROOM_SESSION: input.sessionId,
    GREENROOM_INSTANCE: input.instance,
  };
}

type WayOutInput = Pick<ServiceEnvironmentInput, 'workload' | 'ports' | 'egress'>;

/**
 * Its ports, the way through its sidecar, and what the project file declares: without the mark by which leftovers are
 * found and ended, since a program that somebody else started is none of them.
 */
export function wayOut(input: WayOutInput): Record<string, string> {
  const own = { ...portVariables(input), ...egressVariables(input) };
  const declared: Record<string, string> = {};
  for (const [name, value] of Object.entries(input.workload.run.environment)) {
    declared[name] = substitute(value, own, `${input.workload.id}: environment.${name}`);
  }
  return { ...own, ...declared };
}

function portVariables({ workload, ports }: WayOutInput): Record<string, string> {
  const variables: Record<string, string> = {};
  const main = mainPort(workload);
  for (const { port, upstreamPort } of ports) {
    if (port === main) variables['PORT'] = String(upstreamPort);
    variables[`PORT_${port}`] = String(upstreamPort);
  }
  return variables;
}

/** The workload port that `PORT` stands for: the first HTTP one, else the first. */
export function mainPort(workload: Workload): number | null {
  const http = workload.ports.find(
    ({ protocol }) => protocol === 'http' || protocol === 'http2' || protocol === 'grpc',
  );
  return (http ?? workload.ports[0])?.targetPort ?? null;
}

function egressVariables({ workload, egress }: WayOutInput): Record<string, string> {
  const variables: Record<string, string> = {};
  if (egress.httpProxy) {
    const url = `http://${egress.httpProxy.host}:${egress.httpProxy.port}`;
    // A peer's listener is the way out already: through the proxy its calls would pass the sidecar twice. Exact
    // addresses only, so that all else of loopback still goes through the proxy.
    const direct = [...new Set(egress.peers.map(({ listen }) => `${listen.host}:${listen.port}`))].join(',');
    // Lower case is what curl and libcurl read for plain HTTP, upper case what most others do.
    Object.assign(variables, {
      HTTP_PROXY: url,
      http_proxy: url,
      NODE_USE_ENV_PROXY: '1',
      NO_PROXY: direct,
      no_proxy: direct,
    });
  }
  for (const peer of egress.peers) {
    const address = `${peer.listen.host}:${peer.listen.port}`;
    const http = peer.protocol !== 'tcp' && peer.protocol !== 'tls';
    for (const name of peerNames(peer, workload.namespace, egress)) {
      variables[`GREENROOM_ADDR_${name}_${peer.port}`] = address;
      if (http) variables[`GREENROOM_URL_${name}`] ??= `http://${address}`;
    }
  }
  return variables;
}

/** As in DNS: the short name is the service of one's own namespace; elsewhere it needs to be the only one so named. */
function peerNames(peer: EgressPlan['peers'][number], namespace: string, egress: EgressPlan): string[] {
  const rivals = egress.peers.some(
    (other) => other.service === peer.service && other.namespace !== peer.namespace,
  );
  const short = peer.namespace === namespace || !rivals;
  const full = variableName(`${peer.service}_${peer.namespace}`);
  return short ? [variableName(peer.service), full] : [full];
}

/** Only names of ours are replaced: any other `${…}` belongs to the service. */
function substitute(value: string, own: Readonly<Record<string, string>>, where: string): string {
  return value.replaceAll(/\$\{((?:GREENROOM_|PORT)[A-Z0-9_]*)\}/g, (_whole, name: string) => {
    const found = own[name];
    if (found !== undefined) return found;
    const known = Object.keys(own).filter((key) => key.startsWith('GREENROOM_') || key.startsWith('PORT'));
    throw new EnvironmentError('unknown-variable', `${where} uses \${${name}}, which doesn't exist`, {
      hint: `known here: ${known.sort().join(', ')}`,
    });
  });
}
