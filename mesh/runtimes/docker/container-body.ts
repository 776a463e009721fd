/**
 * A container as we ask for it -> the body of the engine's `POST /containers/create`. Pure. What is never asked for
 * (privileges, devices, the host's namespaces) has no field here.
 */
import type {
  ContainerMount,
  ContainerOptions,
  Healthcheck,
  ResourceLimits,
} from '../../../model/container.ts';

export type Labels = Readonly<Record<string, string>>;

export interface ContainerSpec {
  name: string;
  image: string;
  labels: Labels;
  /** Absent = the image's own. */
  command?: readonly string[];
  hostname?: string;
  domainname?: string;
  user?: string;
  environment?: Readonly<Record<string, string>>;
  /** A network's name, or `container:<id>`. */
  network: string;
  capabilitiesDropped: readonly string[];
  capabilitiesAdded?: readonly string[];
  securityOptions?: readonly string[];
  filesystem?: 'read-only' | 'writable';
  /** Folders of it that aren't read-only: volumes without a name, gone with the container. */
  writable?: readonly string[];
  processLimit?: number;
  sysctls?: Readonly<Record<string, string>>;
  /** `name:address`, for /etc/hosts. */
  extraHosts?: readonly string[];
  /** `linux/amd64`; absent = the engine's. */
  platform?: string;
  /** What a Compose file says beside all that. */
  options?: ServiceOptions;
}

/** `mounts`: volumes by the engine's names. */
export type ServiceOptions = Pick<
  ContainerOptions,
  | 'entrypoint'
  | 'workingDirectory'
  | 'groups'
  | 'init'
  | 'stdin'
  | 'stopSignal'
  | 'healthcheck'
  | 'ulimits'
  | 'limits'
  | 'mounts'
>;

const NS_PER_MS = 1_000_000;

export function containerBody(spec: ContainerSpec): object {
  const { options } = spec;
  return {
    Image: spec.image,
    Labels: { ...spec.labels },
    ...(spec.command ? { Cmd: [...spec.command] } : {}),
    ...(spec.hostname ? { Hostname: spec.hostname } : {}),
    ...(spec.domainname ? { Domainname: spec.domainname } : {}),
    ...(spec.user ? { User: spec.user } : {}),
    Env: Object.entries(spec.environment ?? {}).map(([name, value]) => `${name}=${value}`),
    ...(options ? imageOverrides(options) : {}),
    HostConfig: {
      NetworkMode: spec.network,
      CapDrop: [...spec.capabilitiesDropped],
      CapAdd: [...(spec.capabilitiesAdded ?? [])],
      SecurityOpt: [...(spec.securityOptions ?? [])],
      ReadonlyRootfs: spec.filesystem === 'read-only',
      ...(spec.writable ? { Mounts: spec.writable.map((Target) => ({ Type: 'volume', Target })) } : {}),
      Sysctls: { ...spec.sysctls },
      ...(spec.extraHosts ? { ExtraHosts: [...spec.extraHosts] } : {}),
      ...(spec.processLimit ? { PidsLimit: spec.processLimit } : {}),
      // Whatever the daemon's default driver is: we must be able to follow the output, and a chatty service
      // must not fill the disk.
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '1' } },
      RestartPolicy: { Name: 'no' },
      ...(options ? hostOptions(options) : {}),
    },
  };
}

function imageOverrides(options: ServiceOptions): object {
  const { entrypoint, workingDirectory, stdin, stopSignal, healthcheck } = options;
  return {
    // An empty one means the image's own; to have none, the engine wants one empty word.
    ...(entrypoint ? { Entrypoint: entrypoint.length === 0 ? [''] : [...entrypoint] } : {}),
    ...(workingDirectory ? { WorkingDir: workingDirectory } : {}),
    ...(stdin === 'open' ? { OpenStdin: true } : {}),
    ...(stopSignal ? { StopSignal: stopSignal } : {}),
    ...(healthcheck ? { Healthcheck: healthcheckBody(healthcheck) } : {}),
  };
}

function healthcheckBody({ test, intervalMs, timeoutMs, startPeriodMs, retries }: Healthcheck): object {
  return {
    ...(test ? { Test: [...test] } : {}),
    Interval: (intervalMs ?? 0) * NS_PER_MS,
    Timeout: (timeoutMs ?? 0) * NS_PER_MS,
    StartPeriod: (startPeriodMs ?? 0) * NS_PER_MS,
    Retries: retries ?? 0,
  };
}

function hostOptions({ groups, init, ulimits, limits, mounts }: ServiceOptions): object {
  return {
    ...(groups ? { GroupAdd: [...groups] } : {}),
    ...(init === undefined ? {} : { Init: init }),
    Ulimits: ulimits.map(({ name, soft, hard }) => ({ Name: name, Soft: soft, Hard: hard })),
    ...limitsBody(limits),
    Tmpfs: Object.fromEntries(
      mounts.flatMap((mount) => (mount.kind === 'tmpfs' ? [[mount.target, mount.options]] : [])),
    ),
    Mounts: mounts.flatMap(mountBody),
  };
}

/** The engine's names; processors in billionths. */
function limitsBody(limits: ResourceLimits): object {
  const body = {
    Memory: limits.memory,
    MemoryReservation: limits.memoryReservation,
    MemorySwap: limits.memoryAndSwap,
    MemorySwappiness: limits.swappiness,
    NanoCpus: limits.processors === undefined ? undefined : Math.round(limits.processors * 1e9),
    CpuShares: limits.processorShares,
    CpuQuota: limits.processorQuota,
    CpuPeriod: limits.processorPeriod,
    CpusetCpus: limits.processorSet,
    PidsLimit: limits.processes,
    ShmSize: limits.sharedMemory,
    OomScoreAdj: limits.outOfMemoryScore,
  };
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
}

function mountBody(mount: ContainerMount): object[] {
  if (mount.kind === 'tmpfs') return [];
  const shared = { Target: mount.target, ReadOnly: mount.access === 'read-only' };
  if (mount.kind === 'bind') {
    const more = mount.propagation ? { BindOptions: { Propagation: mount.propagation } } : {};
    return [{ Type: 'bind', Source: mount.source, ...shared, ...more }];
  }
  const more = mount.copied === 'never' ? { VolumeOptions: { NoCopy: true } } : {};
  return [{ Type: 'volume', ...(mount.name === null ? {} : { Source: mount.name }), ...shared, ...more }];
}
