/** Policies that apply to nobody: most often a misspelt label, and then a hole. */
import type { MeshGateway, Workload } from './mesh.ts';
import { positionOf, type PolicyObject } from './policy-object.ts';
import type { Problem } from './problem.ts';

/** Whom policies can be about. */
export interface Selectable {
  workloads: readonly Workload[];
  gateways: readonly MeshGateway[];
}

const PAGE = 'docs/checks/selects-nothing.md';
/** More of them would hide the rest of the hint. */
const MOST_NAMED = 5;

/** A warning when a policy's namespace or selector matches no workload of the mesh that reads its kind. */
export function selectedNothing(policy: PolicyObject, all: Selectable, rootNamespace: string): Problem[] {
  // Its selector is another one, and is checked where its servers are.
  if (policy.kind === 'Gateway') return [];
  const workloads = readersOf(policy.kind, all);
  const what = policy.kind === 'ContextSignals' ? 'gateway' : 'service';
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
        message: `${policy.kind} ${namespace}/${name} applies to nothing: no ${what} lives in namespace ${namespace}`,
        ...(known ? { hint: `${what}s live in: ${known}` } : {}),
        at: positionOf(policy, ['metadata', 'namespace']),
        docs: PAGE,
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
      message: `${policy.kind} ${namespace}/${name} applies to nothing: no ${what} has the labels ${text}`,
      hint: `${what}s here: ${here
        .slice(0, MOST_NAMED)
        .map((workload) => `${workload.name} (app: ${workload.labels['app']})`)
        .join(', ')}${here.length > MOST_NAMED ? ` and ${here.length - MOST_NAMED} more` : ''}`,
      at: positionOf(policy, ['spec', 'selector', 'matchLabels']),
      docs: PAGE,
    },
  ];
}

/** Signals are a gateway's to set. */
function readersOf(kind: string, { workloads, gateways }: Selectable): readonly (Workload | MeshGateway)[] {
  return kind === 'ContextSignals' ? gateways : [...workloads, ...gateways];
}

function matchLabels(spec: unknown): Record<string, string> {
  if (typeof spec !== 'object' || spec === null || !('selector' in spec)) return {};
  const { selector } = spec as { selector?: { matchLabels?: Record<string, string> } };
  return selector?.matchLabels ?? {};
}
