/** One service of the project file -> a `Workload`: identity, ports, addresses, and how it is run. */
import type { MeshSurroundings } from './build-mesh.ts';
import { buildClientCredentials } from './client-credentials.ts';
import { splitCommand } from './command-words.ts';
import type { ComposeService } from './compose/translate-service.ts';
import { clusterAddress } from './mesh-addresses.ts';
import type { MeshPort, Workload } from './mesh.ts';
import { portProtocol, PROTOCOL_NAMES } from './port-protocol.ts';
import type { Position, Problem } from './problem.ts';
import type { Project, ProjectPort, ProjectService } from './project.ts';
import { replicasOf } from './replicas.ts';
import { workloadSpiffeId } from './spiffe-id.ts';
import { placeOf } from './yaml-source.ts';

export interface WorkloadPlan {
  /** Key in the project file. */
  key: string;
  name: string;
  namespace: string;
  id: string;
  service: ProjectService;
  at: Position;
  /** What it has from a Compose file. */
  compose?: ComposeService;
}

/** `index`: place among the sorted ids, from which its addresses follow. */
export function buildWorkload(
  plan: WorkloadPlan,
  index: number,
  project: Project,
  surroundings: MeshSurroundings,
  problems: Problem[],
): Workload {
  const { id, name, namespace, service } = plan;
  const serviceAccount = service.serviceAccount ?? name;
  return {
    name,
    id,
    namespace,
    serviceAccount,
    spiffeId: workloadSpiffeId(project.spec.trustDomain, namespace, serviceAccount),
    labels: { app: name, ...service.labels },
    ports: buildPorts(plan, project, problems),
    clusterIp: clusterAddress(index),
    instances: replicasOf(id, index, service.replicas),
    run: buildRun(plan, project, surroundings, problems),
    ...(plan.compose && plan.compose.aliases.length > 0 ? { aliases: plan.compose.aliases } : {}),
    ...clientCredentialsOf(plan, project, surroundings),
    at: plan.at,
  };
}

function clientCredentialsOf(
  { key, service }: WorkloadPlan,
  project: Project,
  { resolve }: Pick<MeshSurroundings, 'resolve'>,
): Pick<Workload, 'clientCredentials'> {
  const clientCredentials = buildClientCredentials(service.credentials, resolve, (name) =>
    placeOf(project, ['spec', 'services', key, 'credentials', name]),
  );
  return clientCredentials === null ? {} : { clientCredentials };
}

function buildPorts(plan: WorkloadPlan, project: Project, problems: Problem[]): MeshPort[] {
  const { key, service } = plan;
  const numbers = new Set<number>();
  const names = new Set<string>();
  return service.ports.map((port, index) => {
    const at = Object.hasOwn(project.positions, `spec.services.${key}.ports`)
      ? placeOf(project, ['spec', 'services', key, 'ports', index])
      : (plan.compose?.at ?? plan.at);
    const report = (code: string, message: string, severity: Problem['severity'], hint?: string): void => {
      problems.push({ code, severity, message, ...(hint ? { hint } : {}), at });
    };
    if (numbers.has(port.port))
      report('duplicate-port', `port ${port.port} of ${plan.name} is written twice`, 'error');
    if (port.name !== undefined && names.has(port.name))
      report('duplicate-port', `two ports of ${plan.name} are called ${port.name}`, 'error');
    numbers.add(port.port);
    if (port.name !== undefined) names.add(port.name);
    if (port.name === undefined && service.ports.length > 1)
      report(
        'missing-field',
        'Kubernetes wants a name for each of several ports',
        'error',
        'such as http-admin',
      );
    return {
      name: port.name ?? '',
      port: port.port,
      targetPort: port.targetPort ?? port.port,
      protocol: protocolOf(port, report),
    };
  });
}

type PortReport = (code: string, message: string, severity: Problem['severity'], hint?: string) => void;

function protocolOf(port: ProjectPort, report: PortReport): MeshPort['protocol'] {
  const found = portProtocol(port);
  if (found.kind === 'unsupported') {
    report('not-supported-yet', `protocol ${found.name} is not supported in this version`, 'error');
    return 'tcp';
  }
  if (found.protocol === 'auto') {
    report(
      'protocol-undeclared',
      `port ${port.port} doesn't say its protocol: it is guessed from the first bytes of each connection, as Istio does`,
      'warning',
      `begin its name with ${PROTOCOL_NAMES.slice(0, 3).join(', ')} or tcp, such as http-api`,
    );
  }
  return found.protocol;
}

function buildRun(
  plan: WorkloadPlan,
  project: Project,
  surroundings: MeshSurroundings,
  problems: Problem[],
): Workload['run'] {
  const { key, service } = plan;
  const at = (field: string): Position => placeOf(project, ['spec', 'services', key, field]);
  if (!service.command && !service.image && !service.build && !service.attach) {
    problems.push({
      code: 'nothing-to-run',
      severity: 'error',
      message: `service ${plan.name} says neither how to run it nor where it runs`,
      hint: 'give it a command, an image, a build folder, or attach: host:port',
      at: plan.at,
    });
  }
  const build = typeof service.build === 'string' ? { context: service.build } : (service.build ?? null);
  const context = build ? surroundings.resolve(build.context) : null;
  checkAttached(plan, at, problems);
  // Only those of the build that they were written for.
  const options = service.build === plan.compose?.build ? plan.compose?.build?.options : undefined;
  return {
    command: commandOf(service, at('command'), problems),
    image: service.image ?? null,
    build:
      build && context
        ? {
            context,
            ...(build.dockerfile
              ? { dockerfile: surroundings.resolve(below(build.context, build.dockerfile)) }
              : {}),
            ...(options ? { options } : {}),
          }
        : null,
    ...(plan.compose ? { container: plan.compose.container } : {}),
    attach: service.attach ?? null,
    environment: Object.fromEntries(
      Object.entries(service.environment).map(([name, value]) => [name, String(value)]),
    ),
    cwd: context ?? surroundings.root,
    witness:
      service.witness === 'log'
        ? { kind: 'log' }
        : service.witness
          ? { kind: 'echo', path: service.witness.echo }
          : null,
  };
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\]):\d+$/;

function checkAttached(
  { name, service: { attach, replicas } }: WorkloadPlan,
  at: (field: string) => Position,
  problems: Problem[],
): void {
  if (attach === undefined) return;
  if (replicas > 1) {
    problems.push({
      code: 'invalid-value',
      severity: 'error',
      message: `service ${name} is attached: there is one of it, not ${replicas}`,
      hint: 'leave out replicas',
      at: at('replicas'),
    });
  }
  if (!LOOPBACK.test(attach)) {
    problems.push({
      code: 'attached-elsewhere',
      severity: 'warning',
      message: `${attach} is not on this machine's loopback: what the sidecar of ${name} has decrypted goes there in plaintext`,
      hint: 'attach what listens on 127.0.0.1',
      at: at('attach'),
    });
  }
}

/** A Dockerfile lies in its context, as Compose has it; `docker build` by itself looks in the current folder. */
function below(context: string, dockerfile: string): string {
  return dockerfile.startsWith('/') ? dockerfile : `${context.replace(/\/+$/, '')}/${dockerfile}`;
}

function commandOf(service: ProjectService, at: Position, problems: Problem[]): string[] | null {
  if (service.command === undefined) return null;
  if (Array.isArray(service.command)) {
    if (service.command.length > 0 && service.command[0] !== '') return service.command;
    problems.push({ code: 'invalid-command', severity: 'error', message: 'the command is empty', at });
    return null;
  }
  const split = splitCommand(service.command);
  if ('words' in split) return split.words;
  problems.push({
    code: 'invalid-command',
    severity: 'error',
    message: `the command can't be split into words: ${split.error}`,
    hint: 'write a list: [sh, -c, "…"]',
    at,
  });
  return null;
}
