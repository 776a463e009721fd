/**
 * Kubernetes YAML -> policy objects. A file may hold several documents and Lists; what can't change a verdict is
 * counted and left out, what could and isn't enforced is an error unless the project ignores its kind.
 */
import { closest } from './closest.ts';
import { counted } from './counted.ts';
import { admit, type Admission } from './istio/admission.ts';
import { KEYS_FROM_A_FILE } from './istio/request-authentication.ts';
import { objectHeadSchema } from './kubernetes-object.ts';
import { kindSupport, POLICY_KINDS, type KindSupport } from './policy-kinds.ts';
import type { PolicyObject } from './policy-object.ts';
import { hasErrors, type Parsed, type Position, type Problem } from './problem.ts';
import { checkValue } from './schema-problems.ts';
import { renderingProblem } from './unrendered.ts';
import { placeOf, readYaml, type Positions, type YamlDocument } from './yaml-source.ts';

export interface PolicyDefaults {
  /** For objects that name none. */
  namespace: string;
  /** Kinds that the project leaves out on purpose. */
  ignore: readonly string[];
  /**
   * Who has the last word; default `cluster`: the API server and Istio's webhook. `webhook`: for objects that no API
   * server sees, as in suites whose verdicts were observed on istiod alone.
   */
  refusedBy?: 'cluster' | 'webhook';
  /** `files`: a `jwksUri` may be a path, which Istio refuses; it is then a warning. */
  keysFrom?: 'urls' | 'files';
}

/** An object that was left out. */
export interface SkippedObject {
  kind: string;
  /** `ignored`: listed under `ignore` although it could change a verdict. */
  reason: 'harmless' | 'ignored';
  at: Position;
}

export interface PolicyFile {
  objects: PolicyObject[];
  skipped: SkippedObject[];
  problems: Problem[];
}

/** Reads one file; skipped objects are summarized in one notice each for harmless and ignored ones. */
export function parsePolicyFile(
  text: string,
  file: string,
  defaults: PolicyDefaults,
): Parsed<PolicyObject[]> {
  const { objects, skipped, problems } = readPolicyFile(text, file, defaults);
  if (hasErrors(problems)) return { value: null, problems };
  return { value: objects, problems: [...problems, ...summarizeSkipped(skipped)] };
}

/** As `parsePolicyFile`, but leaves the summary to a caller who reads many files. */
export function readPolicyFile(text: string, file: string, defaults: PolicyDefaults): PolicyFile {
  const { documents, problems } = readYaml(text, file, 'kubernetes');
  const rendering = renderingProblem(text, file, problems);
  if (rendering) return { objects: [], skipped: [], problems: [rendering] };
  const result: PolicyFile = { objects: [], skipped: [], problems: [...problems] };
  if (documents.length === 0 && problems.length === 0) {
    result.problems.push({
      code: 'empty-file',
      severity: 'warning',
      message: 'the file holds no objects',
      at: { file, line: 1, column: 1 },
    });
  }
  for (const document of documents) readObject(document, defaults, result);
  return result;
}

/** Reads one object, or each of a List. Also for objects that stand within another document. */
export function readObject(document: YamlDocument, defaults: PolicyDefaults, into: PolicyFile): void {
  const head = checkValue(objectHeadSchema, document);
  if (!head.value) {
    into.problems.push(...head.problems);
    return;
  }
  const { apiVersion, kind } = head.value;
  const items = head.value['items'];
  if (kind.endsWith('List') && Array.isArray(items)) {
    for (const item of documentsWithin(document, ['items'], items)) readObject(item, defaults, into);
    return;
  }
  const slash = apiVersion.lastIndexOf('/');
  const [group, version] = [apiVersion.slice(0, Math.max(slash, 0)), apiVersion.slice(slash + 1)];
  const support = kindSupport(group, kind);
  if (support.support === 'harmless') {
    const misspelt = misspeltGroup(group, kind);
    if (misspelt)
      into.problems.push({
        code: 'unknown-kind',
        severity: 'error',
        message: `${kind} is not a kind of ${group || 'core'}`,
        hint: misspelt,
        at: placeOf(document, ['apiVersion']),
      });
    else into.skipped.push({ kind, reason: 'harmless', at: document.at });
    return;
  }
  if (support.support !== 'enforced' && defaults.ignore.includes(kind)) {
    into.skipped.push({ kind, reason: 'ignored', at: document.at });
    return;
  }
  if (support.support === 'never') into.problems.push(unsupported(group, kind, document));
  else readPolicy(document, support, group, version, defaults, into);
}

/** The elements of the list at `path`, as documents of their own that keep their places. */
export function documentsWithin(
  document: YamlDocument,
  path: readonly string[],
  values: readonly unknown[],
): YamlDocument[] {
  const documents = values.map((value, index) => ({
    file: document.file,
    value,
    at: placeOf(document, [...path, index]),
    positions: {} as Positions,
  }));
  const prefix = `${path.join('.')}.`;
  for (const key in document.positions) {
    if (!key.startsWith(prefix)) continue;
    const dot = key.indexOf('.', prefix.length);
    const place = document.positions[key];
    const target = dot < 0 ? undefined : documents[Number(key.slice(prefix.length, dot))];
    if (target && place) target.positions[key.slice(dot + 1)] = place;
  }
  return documents;
}

type PolicySupport = Extract<KindSupport, { support: 'enforced' }>;

function readPolicy(
  document: YamlDocument,
  support: PolicySupport,
  group: string,
  version: string,
  defaults: PolicyDefaults,
  into: PolicyFile,
): void {
  if (!support.versions.includes(version)) {
    into.problems.push({
      code: 'unknown-version',
      severity: 'error',
      message: `${group} has no ${version} that is served`,
      hint: `write ${group}/${support.versions[0]}`,
      at: placeOf(document, ['apiVersion']),
    });
    return;
  }
  const { kind } = document.value as { kind: string };
  const admission = admit(document, { group, kind, webhook: support.schema });
  const judged = defaults.refusedBy === 'webhook' ? webhookOnly(admission) : admission.problems;
  const found = defaults.keysFrom === 'files' ? judged.map(offlineKeys) : judged;
  into.problems.push(...found);
  const { object } = admission;
  if (!object || hasErrors(found)) return;
  const { metadata, apiVersion } = object;
  into.objects.push({
    apiVersion,
    kind,
    metadata: {
      name: metadata.name,
      namespace: metadata.namespace ?? defaults.namespace,
      annotations: metadata.annotations ?? {},
      labels: metadata.labels ?? {},
      ...(metadata.creationTimestamp ? { creationTimestamp: metadata.creationTimestamp } : {}),
    },
    spec: admission.spec,
    written: (document.value as { spec?: unknown }).spec ?? {},
    at: document.at,
    positions: document.positions,
  });
}

function offlineKeys(problem: Problem): Problem {
  return problem.code === KEYS_FROM_A_FILE ? { ...problem, severity: 'warning' } : problem;
}

/**
 * What only the API server refuses is worth a warning: in the cluster the object would not be there. A misspelt field
 * stays an error: Istio would leave it out in silence.
 */
function webhookOnly({ webhook, apiServer, warnings }: Admission): Problem[] {
  const told = new Set(webhook.map(({ message }) => message));
  const others = apiServer.filter(({ message }) => !told.has(message));
  return [...webhook, ...others.map(asWarning), ...warnings];
}

function asWarning(problem: Problem): Problem {
  return problem.code === 'unknown-key' ? problem : { ...problem, severity: 'warning' };
}

function unsupported(group: string, kind: string, document: YamlDocument): Problem {
  const near = closest(
    kind,
    POLICY_KINDS.filter((known) => known.group === group).map((known) => known.kind),
  );
  return {
    code: 'unsupported-kind',
    severity: 'error',
    message: `${kind} (${group}) can change a verdict, and Greenroom can't rehearse it`,
    hint: near
      ? `did you mean ${near}? Otherwise list ${kind} under spec.ignore to rehearse without it`
      : `list ${kind} under spec.ignore to rehearse without it`,
    at: placeOf(document, ['kind']),
  };
}

/** A policy kind under a group that doesn't have it (`networking.istio.io/AuthorizationPolicy`, a misspelt group). */
function misspeltGroup(group: string, kind: string): string | null {
  const known = POLICY_KINDS.filter((candidate) => candidate.kind === kind && candidate.kind !== 'Gateway');
  return known[0]
    ? `did you mean ${known[0].group}? Written as ${group || 'core'} the cluster would refuse it`
    : null;
}

/** One notice for everything harmless, one warning for everything ignored; with counts, at the first place. */
export function summarizeSkipped(skipped: readonly SkippedObject[]): Problem[] {
  return (['harmless', 'ignored'] as const).flatMap((reason) => {
    const those = skipped.filter((object) => object.reason === reason);
    const first = those[0];
    if (!first) return [];
    const counts = new Map<string, number>();
    for (const { kind } of those) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    const kinds = [...counts]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([kind, count]) => (count > 1 ? `${kind} ×${count}` : kind));
    const objects = counted(those.length, 'object');
    const problem: Problem =
      reason === 'harmless'
        ? {
            code: 'left-out',
            severity: 'notice',
            message: `${objects} can't change a verdict and stayed out: ${kinds.join(', ')}`,
            at: first.at,
          }
        : {
            code: 'ignored',
            severity: 'warning',
            message: `${objects} left out because of spec.ignore: ${kinds.join(', ')}; in the cluster they count`,
            at: first.at,
          };
    return [problem];
  });
}
