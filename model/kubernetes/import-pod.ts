/** A pod's first own container -> a Compose service; what has no place there is told with its line. */
import type { Problem } from '../problem.ts';
import { placeOf, type YamlDocument } from '../yaml-source.ts';
import type { ConfigMap, PodContainer, PodSpec } from './objects.ts';
import { expanded } from './variable-references.ts';

/** In Compose's own words, each value as it is before `$` is doubled. */
export interface ImportedContainer {
  image: string;
  entrypoint?: readonly string[];
  command?: readonly string[];
  working_dir?: string;
  user?: string;
  read_only?: true;
  cap_drop?: readonly string[];
  stop_grace_period?: string;
  environment: Readonly<Record<string, string>>;
  tmpfs: readonly string[];
  /** Texts by absolute path. */
  files: readonly { target: string; text: string }[];
}

/** They say where and when a pod runs, or how a cluster looks after it: here there is one machine. */
const WITHOUT_EFFECT = new Set([
  'containers',
  'volumes',
  'serviceAccountName',
  'serviceAccount',
  'securityContext',
  'terminationGracePeriodSeconds',
  'affinity',
  'automountServiceAccountToken',
  'dnsPolicy',
  'enableServiceLinks',
  'imagePullSecrets',
  'nodeSelector',
  'priority',
  'priorityClassName',
  'restartPolicy',
  'schedulerName',
  'tolerations',
  'topologySpreadConstraints',
]); // prettier-ignore
const CONTAINER_WITHOUT_EFFECT = new Set([
  'name',
  'image',
  'command',
  'args',
  'workingDir',
  'env',
  'envFrom',
  'ports',
  'volumeMounts',
  'securityContext',
  'imagePullPolicy',
  'livenessProbe',
  'readinessProbe',
  'resources',
  'startupProbe',
  'terminationMessagePath',
  'terminationMessagePolicy',
]); // prettier-ignore

export interface PodPlace {
  /** Who it belongs to, for messages. */
  owner: string;
  document: YamlDocument;
  /** Path of the pod's spec in the document. */
  path: readonly (string | number)[];
  configMaps: ReadonlyMap<string, ConfigMap>;
  problems: Problem[];
}

/** Null where no container of it can be run; then a problem says so. */
export function importPod(spec: PodSpec, place: PodPlace): ImportedContainer | null {
  const own = spec.containers.findIndex(({ name }) => name !== 'istio-proxy');
  const container = spec.containers[own];
  const path = [...place.path, 'containers', own];
  if (!container?.image) {
    lost(place, [...place.path, 'containers'], 'no container with an image');
    return null;
  }
  for (const [index, other] of spec.containers.entries()) {
    if (index !== own && other.name !== 'istio-proxy')
      lost(
        place,
        [...place.path, 'containers', index],
        `container ${other.name} isn't run: a service is one container`,
      );
  }
  for (const key of Object.keys(spec))
    if (!WITHOUT_EFFECT.has(key)) lost(place, [...place.path, key], `${key} has no effect`);
  for (const key of Object.keys(container))
    if (!CONTAINER_WITHOUT_EFFECT.has(key)) lost(place, [...path, key], `${key} has no effect`);
  const context = { ...spec.securityContext, ...container.securityContext };
  for (const key of ['privileged', 'allowPrivilegeEscalation'])
    if (context[key] === true) lost(place, [...path, 'securityContext', key], `${key} isn't granted`);
  const user =
    context.runAsUser === undefined
      ? undefined
      : `${context.runAsUser}${context.runAsGroup === undefined ? '' : `:${context.runAsGroup}`}`;
  const grace = spec.terminationGracePeriodSeconds;
  const environment = environmentOf(container, path, place);
  const words = (written: readonly string[]): string[] => written.map((word) => expanded(word, environment));
  return {
    image: container.image,
    ...(container.command ? { entrypoint: words(container.command) } : {}),
    ...(container.args ? { command: words(container.args) } : {}),
    ...(container.workingDir ? { working_dir: container.workingDir } : {}),
    ...(user === undefined ? {} : { user }),
    ...(container.securityContext?.readOnlyRootFilesystem === true ? { read_only: true as const } : {}),
    ...(container.securityContext?.capabilities?.drop
      ? { cap_drop: container.securityContext.capabilities.drop }
      : {}),
    ...(grace === undefined ? {} : { stop_grace_period: `${grace}s` }),
    environment,
    ...mountsOf(spec, { ...container, environment }, path, place),
  };
}

function environmentOf(
  container: PodContainer,
  path: readonly (string | number)[],
  place: PodPlace,
): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [index, { prefix = '', configMapRef }] of (container.envFrom ?? []).entries()) {
    const data = configMapRef && place.configMaps.get(configMapRef.name)?.data;
    if (!data)
      lost(place, [...path, 'envFrom', index], "this source of variables isn't in the file, or is a Secret");
    for (const [name, value] of Object.entries(data ?? {})) environment[`${prefix}${name}`] = value;
  }
  for (const [index, { name, value, valueFrom }] of (container.env ?? []).entries()) {
    const ref = valueFrom?.configMapKeyRef;
    // A reference may lead to what was set before it; what a ConfigMap says is taken as it is.
    const found =
      valueFrom === undefined
        ? expanded(value ?? '', environment)
        : ref && place.configMaps.get(ref.name ?? '')?.data?.[ref.key];
    if (found === undefined)
      lost(place, [...path, 'env', index], `${name} isn't set: its source isn't in the file, or is a Secret`);
    else environment[name] = found;
  }
  return environment;
}

function mountsOf(
  spec: PodSpec,
  container: PodContainer & { environment: Record<string, string> },
  path: readonly (string | number)[],
  place: PodPlace,
): Pick<ImportedContainer, 'tmpfs' | 'files'> {
  const tmpfs: string[] = [];
  const files: { target: string; text: string }[] = [];
  for (const [index, { name, configMap }] of (spec.volumes ?? []).entries()) {
    if (configMap?.items && container.volumeMounts?.some((mount) => mount.name === name))
      lost(
        place,
        [...place.path, 'volumes', index, 'configMap', 'items'],
        `items of the volume ${name} aren't followed: each key of the ConfigMap is a file of its own name`,
      );
  }
  for (const [index, { name, mountPath, ...mount }] of (container.volumeMounts ?? []).entries()) {
    const { subPathExpr } = mount;
    const subPath = subPathExpr === undefined ? mount.subPath : expanded(subPathExpr, container.environment);
    const volume = spec.volumes?.find((candidate) => candidate.name === name);
    const data = volume?.configMap && place.configMaps.get(volume.configMap.name ?? '')?.data;
    if (volume?.emptyDir !== undefined) tmpfs.push(mountPath);
    else if (data && subPath === undefined)
      for (const [key, text] of Object.entries(data))
        files.push({ target: `${mountPath.replace(/\/$/, '')}/${key}`, text });
    else if (data && subPath !== undefined && Object.hasOwn(data, subPath))
      files.push({ target: mountPath, text: data[subPath] ?? '' });
    else if (!name.startsWith('kube-api-access'))
      lost(
        place,
        [...path, 'volumeMounts', index],
        `nothing is mounted at ${mountPath}: only ConfigMaps of this file and emptyDir are`,
      );
  }
  return { tmpfs, files };
}

function lost(place: PodPlace, path: readonly (string | number)[], what: string): void {
  place.problems.push({
    code: 'import-lost',
    severity: 'warning',
    message: `${place.owner}: ${what}`,
    at: placeOf(place.document, path),
  });
}
