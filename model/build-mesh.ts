/**
 * `Project` + policies -> `Mesh`: defaults filled, identities and addresses assigned, references between files
 * checked. Addresses depend on names only, so they are the same on every start.
 */
import { buildGateways } from './build-gateways.ts';
import { selectedNothing } from './check-selectors.ts';
import type { Mesh, MeshConfig, MeshGateway, Workload } from './mesh.ts';
import type { PolicyObject } from './policy-object.ts';
import { hasErrors, type Parsed, type Problem } from './problem.ts';
import type { Project } from './project.ts';
import { buildWorkload, type WorkloadPlan } from './build-workload.ts';
import { placeOf } from './yaml-source.ts';

/** What `buildMesh` can't know by itself: it sees no disk. */
export interface MeshSurroundings {
  /** Absolute folder of greenroom.yaml. */
  root: string;
  /** Resolves a path of the project file against `root`. */
  resolve(path: string): string;
  /** Absolute, sorted. */
  scenarioFiles: readonly string[];
  /** Absolute, sorted. */
  policyFiles: readonly string[];
  /** Absolute: where policy files are looked for. */
  policyFolders?: readonly string[];
}

/** Beyond this many services the model's pod addresses run out. */
const MAX_SERVICES = 250;

export function buildMesh(
  project: Project,
  policies: readonly PolicyObject[],
  surroundings: MeshSurroundings,
): Parsed<Mesh> {
  const problems: Problem[] = [];
  const plans = planWorkloads(project, problems);
  const workloads = plans.map((plan, index) => buildWorkload(plan, index, project, surroundings, problems));
  problems.push(...duplicatePolicies(policies));
  const config: MeshConfig = {
    ...project.spec.meshConfig,
    trustDomain: project.spec.trustDomain,
    serviceHosts: workloads.map(({ name, namespace }) => ({
      host: `${name}.${namespace}.svc.cluster.local`,
      namespace,
    })),
  };
  const gateways = buildGateways(project, workloads, surroundings, problems);
  for (const policy of policies)
    problems.push(...selectedNothing(policy, { workloads, gateways }, config.rootNamespace));
  if (hasErrors(problems)) return { value: null, problems };
  const mesh: Mesh = {
    name: project.metadata.name,
    namespace: project.spec.namespace,
    root: surroundings.root,
    config,
    workloads: leavePublished(workloads, gateways),
    ...(gateways.length === 0 ? {} : { gateways }),
    policies,
    ...(project.composeFiles ? { composeFiles: project.composeFiles } : {}),
    ...(project.containerFindings ? { containerFindings: project.containerFindings } : {}),
    scenarioFiles: surroundings.scenarioFiles,
    policyFiles: surroundings.policyFiles,
    ...(surroundings.policyFolders ? { policyFolders: surroundings.policyFolders } : {}),
  };
  return { value: mesh, problems };
}

/** A port of this machine that a gateway listens on is the gateway's, whatever service the Compose file gave it to. */
function leavePublished(workloads: readonly Workload[], gateways: readonly MeshGateway[]): Workload[] {
  const taken = new Set(gateways.flatMap(({ listen }) => Object.values(listen)));
  return workloads.map((workload) => {
    const { container } = workload.run;
    if (container === undefined) return workload;
    const published = container.published.filter(({ port }) => !taken.has(port));
    return { ...workload, run: { ...workload.run, container: { ...container, published } } };
  });
}

/** Names, namespaces and ids of all services, sorted by id. */
function planWorkloads(project: Project, problems: Problem[]): WorkloadPlan[] {
  const plans: WorkloadPlan[] = [];
  const byPlace = new Map<string, string>();
  for (const [key, service] of Object.entries(project.spec.services)) {
    const compose = project.compose?.[key];
    const at = compose?.at ?? placeOf(project, ['spec', 'services', key]);
    const [before, after] = key.split('/');
    const name = after ?? key;
    const written = after === undefined ? undefined : before;
    if (written !== undefined && service.namespace !== undefined && service.namespace !== written) {
      const message = `service ${key} says namespace ${service.namespace}`;
      problems.push({
        code: 'invalid-value',
        severity: 'error',
        message,
        hint: 'write it once',
        at: placeOf(project, ['spec', 'services', key, 'namespace']),
      });
    }
    const namespace = written ?? service.namespace ?? project.spec.namespace;
    const earlier = byPlace.get(`${namespace}/${name}`);
    if (earlier !== undefined) {
      problems.push({
        code: 'duplicate-service',
        severity: 'error',
        message: `service ${name} of namespace ${namespace} is declared twice, as ${earlier} and as ${key}`,
        at,
      });
      continue;
    }
    byPlace.set(`${namespace}/${name}`, key);
    plans.push({ key, name, namespace, id: name, service, at, ...(compose ? { compose } : {}) });
  }
  if (plans.length === 0) {
    problems.push({
      code: 'no-services',
      severity: 'warning',
      message: 'the mesh has no services: there is nothing to run',
      hint: 'declare them under spec.services',
      at: placeOf(project, ['spec', 'services']),
    });
  }
  if (plans.length > MAX_SERVICES) {
    problems.push({
      code: 'too-many-services',
      severity: 'error',
      message: `${plans.length} services; ${MAX_SERVICES} is the limit`,
      at: placeOf(project, ['spec', 'services']),
    });
  }
  const shared = new Set(
    plans.map(({ name }) => name).filter((name, index, names) => names.indexOf(name) !== index),
  );
  return plans
    .map((plan) => ({ ...plan, id: shared.has(plan.name) ? `${plan.namespace}/${plan.name}` : plan.name }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** The same kind, namespace and name twice: in a cluster the file applied last would win, whichever that is. */
function duplicatePolicies(policies: readonly PolicyObject[]): Problem[] {
  const seen = new Map<string, PolicyObject>();
  const problems: Problem[] = [];
  for (const policy of policies) {
    const id = `${policy.kind} ${policy.metadata.namespace}/${policy.metadata.name}`;
    const earlier = seen.get(id);
    if (!earlier) {
      seen.set(id, policy);
      continue;
    }
    problems.push({
      code: 'duplicate-policy',
      severity: 'error',
      message: `${id} is already written at ${earlier.at.file}:${earlier.at.line}`,
      hint: 'in the cluster the one applied last replaces the other: rename or remove one',
      at: policy.at,
    });
  }
  return problems;
}
