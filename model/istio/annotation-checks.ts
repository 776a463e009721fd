/** What Istio's webhook says of an object's annotations, whatever its spec. */
import type { Problem } from '../problem.ts';
import { placeOf, type YamlDocument } from '../yaml-source.ts';

const DRY_RUN = 'istio.io/dry-run';
/** Istio's own notes to itself; nobody else may write them. */
const INTERNAL = [
  'internal.istio.io/webhook-always-reject',
  'internal.istio.io/parent-namespace',
  'internal.istio.io/parents',
];
/** As Go's strconv reads a boolean. */
const BOOLEANS = /^(1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/;

/** The dry-run annotation stands on ALLOW and DENY policies only. */
export function checkAnnotations(document: YamlDocument): Problem[] {
  const object = document.value as {
    kind?: unknown;
    metadata?: { annotations?: unknown };
    spec?: { action?: unknown } | null;
  };
  const annotations = object.metadata?.annotations;
  if (typeof annotations !== 'object' || annotations === null) return [];
  const problem = (name: string, message: string, hint?: string): Problem => ({
    code: 'invalid-annotation',
    severity: 'error',
    message,
    ...(hint ? { hint } : {}),
    at: placeOf(document, ['metadata', 'annotations', name]),
  });
  const found = INTERNAL.filter((name) => Object.hasOwn(annotations, name)).map((name) =>
    problem(name, `annotation ${name} is Istio's own: an object that carries it is refused`),
  );
  if (!Object.hasOwn(annotations, DRY_RUN)) return found;
  if (object.kind !== 'AuthorizationPolicy')
    return [...found, problem(DRY_RUN, `${String(object.kind)} has no dry run`, 'remove the annotation')];
  const action = object.spec?.action ?? 'ALLOW';
  if (action !== 'ALLOW' && action !== 'DENY')
    return [...found, problem(DRY_RUN, `a dry run is for ALLOW and DENY, not for ${String(action)}`)];
  const value = (annotations as Record<string, unknown>)[DRY_RUN];
  if (typeof value === 'string' && !BOOLEANS.test(value))
    return [...found, problem(DRY_RUN, `${DRY_RUN} is neither true nor false: "${value.slice(0, 60)}"`)];
  return found;
}
