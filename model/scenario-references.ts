/** Names in a scenario that must exist in the mesh it is rehearsed in. */
import { closest } from './closest.ts';
import type { Mesh, MeshGateway, Workload } from './mesh.ts';
import type { Problem } from './problem.ts';
import { SCENARIO_PHASES, type ParsedScenario } from './scenario-file.ts';
import { placeOf } from './yaml-source.ts';

/** Whoever attacks from outside the mesh. */
const OUTSIDER = 'attacker';

/** `from`, `to`, `gateway` and `port` of each step and each fault that nobody of the mesh answers to. */
export function unknownWorkloads(
  parsed: ParsedScenario,
  { workloads, gateways = [] }: Pick<Mesh, 'workloads' | 'gateways'>,
): Problem[] {
  const problems: Problem[] = [];
  for (const phase of SCENARIO_PHASES) {
    for (const [index, step] of parsed.scenario[phase].entries()) {
      const [kind, fields] = 'http' in step ? (['http', step.http] as const) : (['tls', step.tls] as const);
      const { from, gateway } = fields;
      const call = {
        from: from === OUTSIDER ? undefined : from,
        to: fields.to,
        // A gateway's ports are those of Gateways, which the running mesh knows.
        port: gateway === undefined ? fields.port : undefined,
      };
      problems.push(...unknownEnds(call, workloads, parsed, [phase, index, kind]));
      if (gateway !== undefined && !findWorkload(gateway, gateways))
        problems.push(unknownGateway(gateway, gateways, parsed, [phase, index, kind, 'gateway']));
    }
  }
  for (const [index, fault] of parsed.scenario.faults.entries()) {
    const from = findWorkload(fault.from, gateways) ? undefined : fault.from;
    problems.push(...unknownEnds({ ...fault, from }, workloads, parsed, ['faults', index]));
  }
  return problems;
}

/** Services of the mesh that its steps and faults name, each once. */
export function namedWorkloads(
  { scenario }: Pick<ParsedScenario, 'scenario'>,
  { workloads }: Pick<Mesh, 'workloads'>,
): Workload[] {
  const steps = SCENARIO_PHASES.flatMap((phase) => scenario[phase]);
  const ends = [...steps.map((step) => ('http' in step ? step.http : step.tls)), ...scenario.faults];
  const named = ends.flatMap(({ from, to }) => [from ?? [], to].flat());
  return [...new Set(named.flatMap((name) => findWorkload(name, workloads) ?? []))];
}

/** Who calls whom, at which of its ports. */
interface Ends {
  from?: string | undefined;
  to: string;
  port?: number | undefined;
}

function unknownEnds(
  { from, to, port }: Ends,
  workloads: readonly Workload[],
  parsed: ParsedScenario,
  path: readonly (string | number)[],
): Problem[] {
  const problems: Problem[] = [];
  const callee = findWorkload(to, workloads);
  if (!callee) problems.push(unknownWorkload(to, workloads, parsed, [...path, 'to']));
  // Only for the picture in a tls step, but a wrong picture misleads as well.
  if (from !== undefined && !findWorkload(from, workloads))
    problems.push(unknownWorkload(from, workloads, parsed, [...path, 'from']));
  if (callee && port !== undefined && !callee.ports.some((known) => known.port === port)) {
    const known = callee.ports.map((each) => each.port).join(', ');
    problems.push({
      code: 'unknown-port',
      severity: 'error',
      message: `${to} has no service port ${port}`,
      hint: known === '' ? 'it declares no ports' : `its ports: ${known}`,
      at: placeOf(parsed, [...path, 'port']),
    });
  }
  return problems;
}

function findWorkload<T extends Workload | MeshGateway>(
  name: string,
  workloads: readonly T[],
): T | undefined {
  return workloads.find(
    (workload) => workload.id === name || `${workload.namespace}/${workload.name}` === name,
  );
}

function unknownWorkload(
  name: string,
  workloads: readonly Workload[],
  parsed: ParsedScenario,
  path: readonly (string | number)[],
): Problem {
  const ids = workloads.map((workload) => workload.id);
  const near = closest(name, ids);
  const hint = near ? `did you mean ${near}?` : `services: ${ids.slice(0, 12).join(', ')}`;
  return {
    code: 'unknown-workload',
    severity: 'error',
    message: `there is no service ${name.slice(0, 80)}`,
    hint,
    at: placeOf(parsed, path),
  };
}

function unknownGateway(
  name: string,
  gateways: readonly MeshGateway[],
  parsed: ParsedScenario,
  path: readonly (string | number)[],
): Problem {
  const ids = gateways.map(({ id }) => id);
  const near = closest(name, ids);
  return {
    code: 'unknown-gateway',
    severity: 'error',
    message: `there is no gateway ${name.slice(0, 80)}`,
    hint: near
      ? `did you mean ${near}?`
      : ids.length > 0
        ? `gateways: ${ids.join(', ')}`
        : 'greenroom.yaml declares none under spec.gateways',
    at: placeOf(parsed, path),
  };
}
