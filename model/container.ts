/**
 * What a service's container gets beside image and environment: a Compose file's words as plain values. Only the
 * docker runtime acts on them; a local process has no container.
 */

export type MountAccess = 'read-only' | 'read-write';

export type ContainerMount =
  /** A file or folder of this machine, absolute. */
  | { kind: 'bind'; source: string; target: string; access: MountAccess; propagation?: string }
  /** `name: null` = of this container only. All volumes live as long as the session. */
  | { kind: 'volume'; name: string | null; target: string; access: MountAccess; copied: 'at-first' | 'never' }
  | { kind: 'tmpfs'; target: string; options: string };

/** A variable of our own environment; one that isn't set there, of Compose's env files. */
export interface VariableSource {
  variable: string;
  /** Absolute; the last one has the last word. Some may not be there. */
  envFiles?: readonly string[];
}

/** A file that is put into the container before it starts and lies on no disk of ours. */
export interface ContainerFile {
  target: string;
  /** A variable is read when the container starts, and never kept. */
  from: { kind: 'text'; text: string } | ({ kind: 'environment' } & VariableSource);
  uid: number;
  gid: number;
  /** As chmod takes it: 0o444. */
  mode: number;
}

export interface Healthcheck {
  /** The engine's form: `CMD`, `CMD-SHELL` or `NONE` first; absent = the image's own. */
  test?: readonly string[];
  intervalMs?: number;
  timeoutMs?: number;
  startPeriodMs?: number;
  retries?: number;
}

/** Who must have come how far before this service starts. */
export interface Dependency {
  /** Name of a service, in the same namespace. */
  service: string;
  condition: 'ready' | 'completed';
}

export interface Ulimit {
  name: string;
  soft: number;
  hard: number;
}

/** Absent = without limit. Bytes; processors as a fraction of one. */
export interface ResourceLimits {
  memory?: number;
  memoryReservation?: number;
  /** Memory and swap together. */
  memoryAndSwap?: number;
  swappiness?: number;
  processors?: number;
  processorShares?: number;
  processorQuota?: number;
  processorPeriod?: number;
  /** `0,1` or `0-3`. */
  processorSet?: string;
  processes?: number;
  sharedMemory?: number;
  outOfMemoryScore?: number;
}

export interface RestartRule {
  when: 'always' | 'on-failure';
  /** Null = without end. */
  attempts: number | null;
}

/**
 * When an image is fetched from its registry. `older`: where the engine lacks it, or has had it for longer. `build`:
 * never, it is built. Of an image that can be built too, a fetch that fails is no failure.
 */
export type PullRule = { when: 'always' | 'missing' | 'never' | 'build' } | { when: 'older'; thanMs: number };

/** What becomes of a running service when files of this machine change. */
export interface WatchRule {
  action: 'sync' | 'sync+restart' | 'restart' | 'rebuild';
  /** A file or folder, absolute. */
  path: string;
  /** Where it lies in the container; null = nothing is copied. */
  target: string | null;
  /** Patterns of a `.dockerignore`, from `path` on. */
  ignore: readonly string[];
  /** The same; none = all of it. */
  include: readonly string[];
  /** What lies there at the start is copied as well. */
  initialSync?: 'wanted';
}

/** Absent = the image's own, or the engine's default. */
export interface ContainerOptions {
  /** Absent = what can be built is built, and else what is missing is fetched. */
  pull?: PullRule;
  /** Of the container; `Workload.run.command` is what a local process runs, and goes before it. */
  command?: readonly string[];
  entrypoint?: readonly string[];
  workingDirectory?: string;
  user?: string;
  groups?: readonly string[];
  hostname?: string;
  domainname?: string;
  init?: boolean;
  stdin?: 'open';
  stopSignal?: string;
  stopGraceMs?: number;
  labels?: Readonly<Record<string, string>>;
  mounts: readonly ContainerMount[];
  files: readonly ContainerFile[];
  healthcheck?: Healthcheck;
  dependsOn: readonly Dependency[];
  capabilitiesAdded: readonly string[];
  capabilitiesDropped: readonly string[];
  securityOptions: readonly string[];
  filesystem?: 'read-only';
  ulimits: readonly Ulimit[];
  sysctls: Readonly<Record<string, string>>;
  limits: ResourceLimits;
  restart?: RestartRule;
  /** `name:address`, the engine's form. */
  extraHosts: readonly string[];
  platform?: string;
  /** Ports that are opened on this machine's loopback, at the sidecar of the first instance: workload port to port. */
  published: readonly { targetPort: number; port: number }[];
  watch?: readonly WatchRule[];
  /** It runs to its end: another service waits for that. */
  runsToCompletion: boolean;
}

/** What `docker build` is told beside folder and Dockerfile. */
export interface BuildOptions {
  /** Text of the Dockerfile, instead of a file. */
  inline?: string;
  arguments: Readonly<Record<string, string>>;
  target?: string;
  secrets: readonly { id: string; from: { file: string } | VariableSource }[];
  ssh: readonly string[];
  cacheFrom: readonly string[];
  cacheTo: readonly string[];
  cache?: 'unused';
  baseImages?: 'pulled';
  network?: string;
  labels: Readonly<Record<string, string>>;
  extraHosts: readonly string[];
  platform?: string;
  tags: readonly string[];
  sharedMemory?: number;
  ulimits: readonly Ulimit[];
}
