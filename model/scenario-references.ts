/** Names in a scenario that must exist in the mesh it is rehearsed in. */
import { closest } from './closest.ts';
import type { Workload } from './mesh.ts';
import type { Problem } from './problem.ts';
import { SCENARIO_PHASES, type ParsedScenario } from './scenario-file.ts';
import { placeOf } from './yaml-source.ts';

/** Whoever attacks from outside the mesh. */
const OUTSIDER = 'attacker';

/** `from`, `to` and `port` of each step and each fault that no workload answers to. */
export function unknownWorkloads(parsed: ParsedScenario, workloads: readonly Workload[]): Problem[] {
  const problems: Problem[] = [];
  for (const phase of SCENARIO_PHASES) {
    for (const [index, step] of parsed.scenario[phase].entries()) {
      const [kind, fields] = 'http' in step ? (['http', step.http] as const) : (['tls', step.tls] as const);
      const { from } = fields;
      const call = from === OUTSIDER ? { ...fields, from: undefined } : fields;
      problems.push(...unknownEnds(call, workloads, parsed, [phase, index, kind]));
    }
  }
  for (const [index, fault] of parsed.scenario.faults.entries())
    problems.push(...unknownEnds(fault, workloads, parsed, ['faults', index]));
  return problems;
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

function findWorkload(name: string, workloads: readonly Workload[]): Workload | undefined {
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
