/** What `up` says of a running session between two of its states: of the engine, instances, addresses and policies. */
import { hasErrors } from '../model/problem.ts';
import type { SessionState, WorkloadState } from '../model/session-state.ts';
import { type PoliciesInForce, policyChanges } from './policy-lines.ts';
import { problemLine } from './problem-line.ts';
import { type Addresses, engineChanges, instanceChanges, serviceLines } from './service-lines.ts';

/** What is told of; a session is one. */
export interface NewsSource extends Addresses {
  readonly mesh: PoliciesInForce;
  state(): SessionState;
}

/** From now on: the lines that each later state is worth. */
export function sessionNews(session: NewsSource): (state: SessionState) => string[] {
  let before = session.state();
  let policies = session.mesh;
  let problems: readonly string[] = [];
  let broken = false;
  let wereReady = readyIn(before);
  const addresses = new Map(before.workloads.map((one) => [one.id, serviceLines(one, session)]));

  /** Of a service whose first instance has become ready: it was without any, or has another address now. */
  const moved = (workload: WorkloadState): string[] => {
    const [first] = workload.instances;
    if (first === undefined) addresses.delete(workload.id);
    if (first?.status !== 'ready' || wereReady.has(first.id)) return [];
    const lines = serviceLines(workload, session);
    const [, ...known] = addresses.get(workload.id) ?? [];
    if (known.join('\n') === lines.slice(1).join('\n')) return [];
    addresses.set(workload.id, lines);
    return lines;
  };

  const ofProblems = (state: SessionState): string[] => {
    const lines = state.problems.map(problemLine);
    const fresh = lines.filter((line) => !problems.includes(line));
    const wasBroken = broken;
    problems = lines;
    broken = hasErrors(state.problems);
    if (broken && fresh.length > 0 && state.phase === 'running')
      return [...fresh, `the last valid policies (snapshot ${state.snapshot.inForce}) stay in force`];
    return wasBroken && !broken ? [...fresh, 'policies are valid again'] : fresh;
  };

  return (state) => {
    const lines = [
      ...engineChanges(before, state),
      ...instanceChanges(before, state),
      ...(state.phase === 'running' ? state.workloads.flatMap(moved) : []),
      ...(before.recording.dropped === 0 && state.recording.dropped > 0
        ? ['more happened than could be recorded; what was dropped is counted']
        : []),
      ...ofProblems(state),
      ...policyChanges(policies, session.mesh, state.snapshot.inForce),
    ];
    before = state;
    wereReady = readyIn(state);
    policies = session.mesh;
    return lines;
  };
}

function readyIn({ workloads }: SessionState): ReadonlySet<string> {
  const instances = workloads.flatMap((workload) => workload.instances);
  return new Set(instances.filter(({ status }) => status === 'ready').map(({ id }) => id));
}
