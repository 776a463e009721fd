/** An edit of the policy files: put in force, or why the last valid policies stay. */
import type { Mesh, MeshGateway, Workload } from '../model/mesh.ts';
import { messageOf } from '../model/message-of.ts';
import type { PolicyObject } from '../model/policy-object.ts';
import { hasErrors, type Parsed, type Problem } from '../model/problem.ts';
import { readClientSecrets } from './client-secrets.ts';
import type { GatewayCertificates } from './gateway-certificates.ts';
import type { JwksSource } from './jwks-source.ts';
import { compileMeshPolicies, type MeshPolicies, policyProblems } from './mesh-policies.ts';
import { shownPath } from './project-files.ts';
import type { SessionPublishing } from './session-publishing.ts';

export type PolicyEdit =
  | { kind: 'accepted'; mesh: Mesh; policies: MeshPolicies; problems: Problem[] }
  | { kind: 'refused'; problems: Problem[] };

export interface EditParts {
  current: { mesh: Mesh; policies: MeshPolicies };
  keys: JwksSource;
  gatewayCertificates: GatewayCertificates;
  publishing: SessionPublishing;
}

/**
 * Only policies, scenarios and certificates towards servers are taken over: services that came or went need a new session. An edit that brings
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
  const emptied = emptiedFiles(current.mesh, value);
  if (emptied.length > 0) return { kind: 'refused', problems: [...problems, ...emptied] };
  const { policies: objects, policyFiles, policyFolders, scenarioFiles } = value;
  const { openapi } = value;
  const found = {
    policyFiles,
    scenarioFiles,
    ...(policyFolders ? { policyFolders } : {}),
    ...(openapi ? { openapi } : {}),
  };
  const mesh: Mesh = {
    ...current.mesh,
    workloads: withCredentials(current.mesh.workloads, value.workloads),
    ...(current.mesh.gateways
      ? { gateways: withCredentials(current.mesh.gateways, value.gateways ?? []) }
      : {}),
    policies: objects,
    ...found,
  };
  const policies = compileMeshPolicies(mesh);
  const unjudged = policyProblems(policies);
  const known = new Set(policyProblems(current.policies).map(wording));
  if (unjudged.some((problem) => !known.has(wording(problem))))
    return { kind: 'refused', problems: [...problems, ...unjudged] };
  return {
    kind: 'accepted',
    mesh,
    policies,
    problems: [...problems, ...removedPolicies(current.mesh, mesh)],
  };
}

/** Which files stand for what rules name is taken over with the rules. */
function withCredentials<T extends Workload | MeshGateway>(before: readonly T[], after: readonly T[]): T[] {
  return before.map((one) => {
    const clientCredentials = after.find(({ id }) => id === one.id)?.clientCredentials;
    return clientCredentials === undefined ? one : { ...one, clientCredentials };
  });
}

/** Publishes an edit that can be judged; what the data plane refuses is refused. */
export async function putEditInForce(
  reload: () => Promise<Parsed<Mesh>>,
  { current, keys, gatewayCertificates, publishing }: EditParts,
): Promise<PolicyEdit> {
  const edit = await readPolicyEdit(reload, current);
  if (edit.kind === 'refused') return edit;
  const { mesh, policies } = edit;
  const { secrets: clientSecrets, problems } = await readClientSecrets(mesh);
  if (problems.length > 0) return { kind: 'refused', problems };
  await keys.follow(policies);
  const gatewayCredentials = await gatewayCertificates.follow(mesh);
  const answer = await publishing.publish({
    mesh,
    policies,
    gatewayCredentials,
    clientSecrets,
    keySets: keys.sets,
  });
  return answer.kind === 'nack' ? { kind: 'refused', problems: answer.problems } : edit;
}

/** A file that is there and holds nothing any more is one that is being written: its policies aren't given up for it. */
function emptiedFiles(before: Mesh, after: Mesh): Problem[] {
  const held = new Set(before.policies.map(({ at }) => at.file));
  const holds = new Set(after.policies.map(({ at }) => at.file));
  return after.policyFiles
    .map(shownPath)
    .filter((file) => held.has(file) && !holds.has(file))
    .map((file) => ({
      code: 'policy-file-emptied',
      severity: 'error',
      message: 'the file held policies and holds none any more',
      hint: 'remove the file to remove its policies',
      at: { file, line: 1, column: 1 },
    }));
}

/** As in a cluster after `kubectl delete`: fewer policies may let more through, so it is told, not refused. */
function removedPolicies(before: Mesh, after: Mesh): Problem[] {
  const kept = new Set(after.policies.map(nameOf));
  const gone = before.policies.map(nameOf).filter((name) => !kept.has(name));
  if (gone.length === 0) return [];
  const message = `no longer in force, since no file holds ${gone.length === 1 ? 'it' : 'them'} any more: ${gone.join(', ')}`;
  return [{ code: 'policies-removed', severity: 'warning', message }];
}

/** Those that come with an edit in force and mean that it protects less than it seems to. */
export function unprotecting(problems: readonly Problem[]): Problem[] {
  return problems.filter(({ code }) => code === 'policies-removed' || code === 'selects-nothing');
}

function nameOf({ kind, metadata: { namespace, name } }: PolicyObject): string {
  return `${kind} ${namespace}/${name}`;
}

/** A problem without its line, which an edit above it moves. */
function wording(problem: Problem): string {
  return `${problem.at?.file} ${problem.code} ${problem.message}`;
}

function unreadable(error: unknown): Problem {
  const message = messageOf(error);
  return { code: 'project-not-read', severity: 'error', message };
}
