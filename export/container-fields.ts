/** What a Compose file says of a container -> fields of a Pod and its container; what a cluster can't be told is named. */
import type { ContainerOptions, Healthcheck } from '../model/container.ts';
import type { Workload } from '../model/mesh.ts';

export interface ContainerFields {
  container: Record<string, unknown>;
  pod: Record<string, unknown>;
  /** What isn't exported, a phrase each. */
  lost: string[];
}

/** Nothing where the workload has no such options. */
export function containerFields({ run }: Workload): ContainerFields {
  const options = run.container;
  if (options === undefined) return { container: {}, pod: {}, lost: [] };
  const volumes: object[] = [];
  const mounts: object[] = [];
  const lost: string[] = [];
  for (const mount of options.mounts) {
    const name = `volume-${volumes.length}`;
    if (mount.kind === 'bind') {
      lost.push(`the mount of ${mount.source} at ${mount.target}`);
      continue;
    }
    if (mount.kind === 'volume' && mount.name !== null)
      lost.push(`that the data of volume ${mount.name} stays`);
    volumes.push({ name, emptyDir: {} });
    mounts.push({ name, mountPath: mount.target });
  }
  for (const { target } of options.files) lost.push(`the file ${target}`);
  const words = run.command === null ? options.command : undefined;
  const probe = options.healthcheck && probeOf(options.healthcheck);
  return {
    container: {
      ...(options.entrypoint ? { command: options.entrypoint.map(unexpanded) } : {}),
      ...(words ? { args: words.map(unexpanded) } : {}),
      ...(options.workingDirectory ? { workingDir: options.workingDirectory } : {}),
      ...(probe ? { readinessProbe: probe } : {}),
      ...resourcesOf(options),
      ...securityOf(options, lost),
      ...(mounts.length > 0 ? { volumeMounts: mounts } : {}),
    },
    pod: {
      ...(options.stopGraceMs === undefined
        ? {}
        : { terminationGracePeriodSeconds: Math.ceil(options.stopGraceMs / 1000) }),
      ...(volumes.length > 0 ? { volumes } : {}),
    },
    lost,
  };
}

/** A word of a container's command as a kubelet has to be told it, which would put variables in place of `$(NAME)`. */
export function unexpanded(word: string): string {
  return word.replaceAll(/\$(?=[$(])/g, '$$$$');
}

/** `CMD` and `CMD-SHELL` are commands; `NONE` is none. */
function probeOf({ test, intervalMs, timeoutMs, startPeriodMs, retries }: Healthcheck): object | null {
  const [kind, ...words] = test ?? [];
  if (kind !== 'CMD' && kind !== 'CMD-SHELL') return null;
  const seconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000));
  return {
    exec: { command: kind === 'CMD' ? words : ['sh', '-c', ...words] },
    ...(startPeriodMs === undefined ? {} : { initialDelaySeconds: Math.floor(startPeriodMs / 1000) }),
    ...(intervalMs === undefined ? {} : { periodSeconds: seconds(intervalMs) }),
    ...(timeoutMs === undefined ? {} : { timeoutSeconds: seconds(timeoutMs) }),
    ...(retries === undefined ? {} : { failureThreshold: retries }),
  };
}

function resourcesOf({ limits }: ContainerOptions): object {
  const named = {
    ...(limits.memory === undefined ? {} : { memory: String(limits.memory) }),
    ...(limits.processors === undefined ? {} : { cpu: `${Math.round(limits.processors * 1000)}m` }),
  };
  return Object.keys(named).length > 0 ? { resources: { limits: named } } : {};
}

function securityOf(options: ContainerOptions, lost: string[]): object {
  const ids = /^(\d+)(?::(\d+))?$/.exec(options.user ?? '');
  if (options.user !== undefined && !ids) lost.push(`the user ${options.user}: a cluster takes numbers`);
  const capabilities = {
    ...(options.capabilitiesAdded.length > 0 ? { add: [...options.capabilitiesAdded] } : {}),
    ...(options.capabilitiesDropped.length > 0 ? { drop: [...options.capabilitiesDropped] } : {}),
  };
  const context = {
    ...(ids?.[1] ? { runAsUser: Number(ids[1]) } : {}),
    ...(ids?.[2] ? { runAsGroup: Number(ids[2]) } : {}),
    ...(options.filesystem ? { readOnlyRootFilesystem: true } : {}),
    ...(options.securityOptions.length > 0 ? { allowPrivilegeEscalation: false } : {}),
    ...(Object.keys(capabilities).length > 0 ? { capabilities } : {}),
  };
  return Object.keys(context).length > 0 ? { securityContext: context } : {};
}
