/** One service as `docker compose config` prints it -> a service of the project and the options of its container. */
import type {
  ContainerOptions,
  Dependency,
  Healthcheck,
  PullRule,
  ResourceLimits,
  RestartRule,
} from '../container.ts';
import type { Position, Problem } from '../problem.ts';
import type { ProjectPort } from '../project.ts';
import type { ComposeConfig, ComposeServiceConfig } from './compose-config.ts';
import type { ComposeSource } from './compose-source.ts';
import { given } from './given.ts';
import { lostKey, lostKeys } from './lost-keys.ts';
import { pullRule } from './pull-rule.ts';
import { durationMs } from './quantities.ts';
import { translateBuild, translateUlimits, type TranslatedBuild } from './translate-build.ts';
import { translatePorts } from './translate-ports.ts';
import { translateStorage } from './translate-storage.ts';
import { translateWatch } from './translate-watch.ts';

/** A service out of a Compose file; `name` is what the mesh calls it. */
export interface ComposeService {
  composeName: string;
  name: string;
  at: Position;
  image: string | null;
  build: TranslatedBuild | null;
  ports: ProjectPort[];
  replicas: number;
  environment: Readonly<Record<string, string>>;
  /** Further names by which it is called in its own namespace. */
  aliases: readonly string[];
  container: ContainerOptions;
}

export interface TranslationContext {
  whole: ComposeConfig;
  source: ComposeSource;
  /** Names of the mesh by Compose's. */
  names: ReadonlyMap<string, string>;
  /** Compose's names of those that somebody waits for until they end. */
  jobs: ReadonlySet<string>;
  problems: Problem[];
}

/** With any of these a service could change its pod's rules, speak past them, or leave its container. */
const REFUSED_CAPABILITIES = new Set([
  'ALL',
  'NET_ADMIN',
  'NET_RAW',
  'SYS_ADMIN',
  'SYS_MODULE',
  'SYS_PTRACE',
  'SYS_RAWIO',
  'BPF',
  'DAC_READ_SEARCH',
]);

export function translateService(composeName: string, context: TranslationContext): ComposeService {
  const { whole, source, names, problems } = context;
  const config = whole.services[composeName] as ComposeServiceConfig;
  problems.push(...lostKeys(composeName, config, source));
  const name = names.get(composeName) ?? composeName;
  const driver = config.logging?.driver;
  if (driver !== undefined && driver !== 'json-file' && driver !== 'local')
    problems.push(lostKey(source, composeName, ['logging', 'driver'], 'the output is followed here', driver));
  const ports = translatePorts(composeName, config, source, problems);
  const storage = translateStorage(composeName, config, whole, source, problems);
  const aliases = Object.values(config.networks ?? {}).flatMap((network) => network?.aliases ?? []);
  if (config.container_name !== undefined) aliases.push(config.container_name);
  if (name !== composeName) aliases.push(composeName);
  return {
    composeName,
    name,
    at: source.serviceKey(composeName, []),
    image: config.image ?? null,
    build: translateBuild(config, whole, source),
    ports: ports.ports,
    replicas: config.scale ?? config.deploy?.replicas ?? 1,
    environment: config.environment ?? {},
    aliases: [...new Set(aliases)].filter((alias) => alias !== name),
    container: containerOf(composeName, config, context, { ...storage, published: ports.published }),
  };
}

function containerOf(
  composeName: string,
  config: ComposeServiceConfig,
  context: TranslationContext,
  translated: Pick<ContainerOptions, 'mounts' | 'files' | 'published'>,
): ContainerOptions {
  return {
    ...given({
      command: config.command ?? undefined,
      entrypoint: config.entrypoint ?? undefined,
      workingDirectory: config.working_dir,
      user: config.user,
      groups: config.group_add ?? undefined,
      hostname: config.hostname,
      domainname: config.domainname,
      init: config.init,
      stdin: config.stdin_open === true ? ('open' as const) : undefined,
      stopSignal: config.stop_signal,
      stopGraceMs: milliseconds(config.stop_grace_period),
      labels: config.labels ?? undefined,
      healthcheck: healthcheckOf(config),
      filesystem: config.read_only === true ? ('read-only' as const) : undefined,
      restart: restartOf(config),
      platform: config.platform,
      pull: pullRuleOf(composeName, config, context),
      watch: translateWatch(composeName, config, context.source, context.problems),
    }),
    ...translated,
    dependsOn: dependenciesOf(config, context),
    capabilitiesAdded: capabilitiesOf(composeName, config, context),
    capabilitiesDropped: config.cap_drop ?? [],
    securityOptions: securityOf(composeName, config, context),
    ulimits: translateUlimits(config.ulimits),
    sysctls: config.sysctls ?? {},
    limits: limitsOf(config),
    extraHosts: (config.extra_hosts ?? []).map((line) => line.replace('=', ':')),
    runsToCompletion: context.jobs.has(composeName),
  };
}

function dependenciesOf(config: ComposeServiceConfig, { whole, names }: TranslationContext): Dependency[] {
  return Object.entries(config.depends_on ?? {}).flatMap(([service, { condition }]): Dependency[] => {
    // Only an optional one can be absent: the plugin refuses the file otherwise.
    if (!Object.hasOwn(whole.services, service)) return [];
    const completed = condition === 'service_completed_successfully';
    return [{ service: names.get(service) ?? service, condition: completed ? 'completed' : 'ready' }];
  });
}

function capabilitiesOf(
  service: string,
  config: ComposeServiceConfig,
  { source, problems }: TranslationContext,
): string[] {
  return (config.cap_add ?? []).filter((written) => {
    if (!REFUSED_CAPABILITIES.has(written.toUpperCase().replace(/^CAP_/, ''))) return true;
    problems.push(
      lostKey(source, service, ['cap_add'], 'refused: with it a service could undo its containment', written),
    );
    return false;
  });
}

function securityOf(
  service: string,
  config: ComposeServiceConfig,
  { source, problems }: TranslationContext,
): string[] {
  return (config.security_opt ?? []).filter((written) => {
    if (/^no-new-privileges([:=]true)?$/.test(written)) return true;
    problems.push(lostKey(source, service, ['security_opt'], "the engine's default is kept", written));
    return false;
  });
}

function healthcheckOf({ healthcheck }: ComposeServiceConfig): Healthcheck | undefined {
  if (!healthcheck) return undefined;
  if (healthcheck.disable === true) return { test: ['NONE'] };
  return given({
    test: healthcheck.test ?? undefined,
    intervalMs: milliseconds(healthcheck.interval),
    timeoutMs: milliseconds(healthcheck.timeout),
    startPeriodMs: milliseconds(healthcheck.start_period),
    retries: healthcheck.retries,
  });
}

function restartOf({ restart, deploy }: ComposeServiceConfig): RestartRule | undefined {
  const policy = deploy?.restart_policy;
  const [word, attempts] = (restart ?? '').split(':', 2);
  if (word === 'always' || word === 'unless-stopped') return { when: 'always', attempts: null };
  if (word === 'on-failure') return { when: 'on-failure', attempts: attempts ? Number(attempts) : null };
  if (restart !== undefined || !policy || policy.condition === 'none') return undefined;
  const when = policy.condition === 'on-failure' ? 'on-failure' : 'always';
  return { when, attempts: policy.max_attempts ?? null };
}

function pullRuleOf(
  service: string,
  { pull_policy: written }: ComposeServiceConfig,
  { source, problems }: TranslationContext,
): PullRule | undefined {
  if (written === undefined) return undefined;
  const rule = pullRule(written);
  if (rule === null)
    problems.push(lostKey(source, service, ['pull_policy'], 'no policy that is known', written));
  return rule ?? undefined;
}

function limitsOf(config: ComposeServiceConfig): ResourceLimits {
  const { limits, reservations } = config.deploy?.resources ?? {};
  return given({
    memory: limits?.memory ?? config.mem_limit,
    memoryReservation: reservations?.memory ?? config.mem_reservation,
    memoryAndSwap: config.memswap_limit,
    swappiness: config.mem_swappiness,
    processors: limits?.cpus ?? config.cpus,
    processorShares: config.cpu_shares,
    processorQuota: config.cpu_quota,
    processorPeriod: config.cpu_period,
    processorSet: config.cpuset,
    processes: limits?.pids ?? config.pids_limit,
    sharedMemory: config.shm_size,
    outOfMemoryScore: config.oom_score_adj,
  });
}

function milliseconds(text: string | undefined): number | undefined {
  return text === undefined ? undefined : (durationMs(text) ?? undefined);
}
