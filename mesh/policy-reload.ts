/** Judges an edit of the policy files: the policies to publish, or why the last valid ones stay in force. */
import type { Mesh } from '../model/mesh.ts';
import { hasErrors, type Parsed, type Problem } from '../model/problem.ts';
import { compileMeshPolicies, type MeshPolicies, policyProblems } from './mesh-policies.ts';

export type PolicyEdit =
  | { kind: 'accepted'; mesh: Mesh; policies: MeshPolicies; problems: Problem[] }
  | { kind: 'refused'; problems: Problem[] };

/**
 * Only policies and scenarios are taken over: services that came or went need a new session. An edit that brings
 * something that can't be judged is refused; what couldn't be judged before (and is denied) is no reason to.
 */
export async function readPolicyEdit(
  reload: () => Promise<Parsed<Mesh>>,
  current: { mesh: Mesh; policies: MeshPolicies },
): Promise<PolicyEdit> {
  const { value, problems } = await reload().catch((error: unknown) => ({
    value: null,
    problems: [unreadable(error)],
  }));
  if (value === null || hasErrors(problems)) return { kind: 'refused', problems };
  const { policies: objects, policyFiles, scenarioFiles } = value;
  const mesh: Mesh = { ...current.mesh, policies: objects, policyFiles, scenarioFiles };
  const policies = compileMeshPolicies(mesh);
  const unjudged = policyProblems(policies);
  const known = new Set(policyProblems(current.policies).map(wording));
  if (unjudged.some((problem) => !known.has(wording(problem))))
    return { kind: 'refused', problems: [...problems, ...unjudged] };
  return { kind: 'accepted', mesh, policies, problems };
}

/** A problem without its line, which an edit above it moves. */
function wording(problem: Problem): string {
  return `${problem.at?.file} ${problem.code} ${problem.message}`;
}

function unreadable(error: unknown): Problem {
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'project-not-read', severity: 'error', message };
}
