/** Policies that apply to nobody: most often a misspelt label, and then a hole. */
import type { Workload } from './mesh.ts';
import { positionOf, type PolicyObject } from './policy-object.ts';
import type { Problem } from './problem.ts';

/** A warning when a policy's namespace or selector matches no workload of the mesh. */
export function selectedNothing(
  policy: PolicyObject,
  workloads: readonly Workload[],
  rootNamespace: string,
): Problem[] {
  const labels = matchLabels(policy.spec);
  const { namespace, name } = policy.metadata;
  const meshWide = namespace === rootNamespace;
  const here = workloads.filter((workload) => meshWide || workload.namespace === namespace);
  if (here.length === 0) {
    const known = [...new Set(workloads.map((workload) => workload.namespace))].join(', ');
    return [
      {
        code: 'selects-nothing',
        severity: 'warning',
        message: `${policy.kind} ${namespace}/${name} applies to nothing: no service lives in namespace ${namespace}`,
        ...(known ? { hint: `services live in: ${known}` } : {}),
        at: positionOf(policy, ['metadata', 'namespace']),
      },
    ];
  }
  const wanted = Object.entries(labels);
  if (here.some((workload) => wanted.every(([key, value]) => workload.labels[key] === value))) return [];
  const text = wanted.map(([key, value]) => `${key}: ${value}`).join(', ');
  return [
    {
      code: 'selects-nothing',
      severity: 'warning',
      message: `${policy.kind} ${namespace}/${name} applies to nothing: no service has the labels ${text}`,
      hint: `services here: ${here
        .slice(0, 5)
        .map((workload) => `${workload.name} (app: ${workload.labels['app']})`)
        .join(', ')}`,
      at: positionOf(policy, ['spec', 'selector', 'matchLabels']),
    },
  ];
}

function matchLabels(spec: unknown): Record<string, string> {
  if (typeof spec !== 'object' || spec === null || !('selector' in spec)) return {};
  const { selector } = spec as { selector?: { matchLabels?: Record<string, string> } };
  return selector?.matchLabels ?? {};
}
