import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FILE_KEYS, renderComposeKeys, SERVICE_KEYS } from '../../../model/compose/compose-keys.ts';
import { valueAt } from '../../../model/compose/compose-source.ts';
import type { ComposeService } from '../../../model/compose/translate-service.ts';
import { translated } from '../../support/compose.ts';

/** What the plugin has done by the time that its output is read; test/mesh/compose-project.test.ts holds it to that. */
const BY_THE_PLUGIN = ['env_file', 'extends', 'label_file', 'profiles'];

const FILES = {
  volumes: { data: {} },
  configs: { c: { content: 'hello' }, f: { file: '/p/f.conf' } },
  secrets: { s: { environment: 'TOKEN' }, k: { file: '/p/key' } },
  services: { db: { image: 'postgres' } },
};

type Case = [service: Record<string, unknown>, path: string, value: unknown];
const c = (service: Record<string, unknown>, path: string, value: unknown): Case => [service, path, value];
const container = (key: string, written: unknown, field: string, value: unknown = written): Case =>
  c({ [key]: written }, `container.${field}`, value);
const built = (key: string, written: unknown, field: string, value: unknown = written): Case =>
  c({ build: { context: '/p', [key]: written } }, `build.options.${field}`, value);
const mounted = (mount: Record<string, unknown>, field: string, value: unknown): Case =>
  c({ volumes: [{ target: '/t', ...mount }] }, `container.mounts.0.${field}`, value);
const checked = (key: string, written: unknown, field: string, value: unknown = written): Case =>
  c({ healthcheck: { [key]: written } }, `container.healthcheck.${field}`, value);
const filed = (
  kind: 'configs' | 'secrets',
  more: Record<string, unknown>,
  field: string,
  value: unknown,
): Case =>
  c({ [kind]: [{ source: kind === 'configs' ? 'c' : 's', ...more }] }, `container.files.0.${field}`, value);
const limited = (key: string, written: unknown, field: string, value: unknown = written): Case =>
  container(key, written, `limits.${field}`, value);
const watched = (rule: object, field: string, value: unknown): Case =>
  c(
    { develop: { watch: [{ path: '/p', action: 'sync', target: '/t', ...rule }] } },
    `container.watch.0.${field}`,
    value,
  );
const deployed = (deploy: object, path: string, value: unknown): Case => c({ deploy }, path, value);

/** A case for each row that has an effect: what is written, and what of the translation shows it. */
const CASES: Readonly<Record<string, Case>> = {
  image: c({ image: 'nginx:1' }, 'image', 'nginx:1'),
  build: c({ build: { context: '/p' } }, 'build.context', '/p'),
  'build.context': c({ build: { context: '/p/web' } }, 'build.context', '/p/web'),
  'build.dockerfile': c({ build: { context: '/p', dockerfile: 'D' } }, 'build.dockerfile', '/p/D'),
  'build.dockerfile_inline': built('dockerfile_inline', 'FROM scratch', 'inline'),
  'build.args': built('args', { A: '1' }, 'arguments'),
  'build.target': built('target', 'prod', 'target'),
  'build.secrets': built('secrets', [{ source: 's' }, { source: 'k', target: 'x' }], 'secrets', [
    { id: 's', from: { variable: 'TOKEN' } },
    { id: 'x', from: { file: '/p/key' } },
  ]),
  'build.ssh': built('ssh', ['default'], 'ssh'),
  'build.cache_from': built('cache_from', ['a'], 'cacheFrom'),
  'build.cache_to': built('cache_to', ['a'], 'cacheTo'),
  'build.no_cache': built('no_cache', true, 'cache', 'unused'),
  'build.pull': built('pull', true, 'baseImages', 'pulled'),
  'build.network': built('network', 'none', 'network'),
  'build.platforms': built('platforms', ['linux/arm64'], 'platform', 'linux/arm64'),
  'build.labels': built('labels', { a: 'b' }, 'labels'),
  'build.shm_size': built('shm_size', '1024', 'sharedMemory', 1024),
  'build.extra_hosts': built('extra_hosts', ['a=1.2.3.4'], 'extraHosts', ['a:1.2.3.4']),
  'build.tags': built('tags', ['a:b'], 'tags'),
  'build.ulimits': built('ulimits', { nofile: 9 }, 'ulimits', [{ name: 'nofile', soft: 9, hard: 9 }]),
  command: container('command', ['a', 'b'], 'command'),
  entrypoint: container('entrypoint', ['/a'], 'entrypoint'),
  environment: c({ environment: { A: '1', N: null } }, 'environment', { A: '1' }),
  working_dir: container('working_dir', '/w', 'workingDirectory'),
  tmpfs: c({ tmpfs: ['/run:size=1m'] }, 'container.mounts.0', {
    kind: 'tmpfs',
    target: '/run',
    options: 'size=1m',
  }),
  volumes: mounted({ type: 'bind', source: '/p/a' }, 'source', '/p/a'),
  'volumes.*.type': mounted({ type: 'volume' }, 'kind', 'volume'),
  'volumes.*.target': mounted({ type: 'volume' }, 'target', '/t'),
  'volumes.*.read_only': mounted({ type: 'volume', read_only: true }, 'access', 'read-only'),
  'volumes.*.source': mounted({ type: 'volume', source: 'data' }, 'name', 'data'),
  'volumes.*.bind.propagation': mounted(
    { type: 'bind', source: '/p', bind: { propagation: 'rslave' } },
    'propagation',
    'rslave',
  ),
  'volumes.*.volume.nocopy': mounted({ type: 'volume', volume: { nocopy: true } }, 'copied', 'never'),
  'volumes.*.tmpfs.size': mounted({ type: 'tmpfs', tmpfs: { size: '512' } }, 'options', 'size=512'),
  'volumes.*.tmpfs.mode': mounted({ type: 'tmpfs', tmpfs: { mode: 448 } }, 'options', 'mode=700'),
  secrets: c({ secrets: [{ source: 'k', target: '/run/secrets/k' }] }, 'container.mounts.0.source', '/p/key'),
  'secrets.*.source': filed('secrets', {}, 'from', { kind: 'environment', variable: 'TOKEN' }),
  'secrets.*.target': filed('secrets', { target: 'x' }, 'target', '/run/secrets/x'),
  'secrets.*.uid': filed('secrets', { uid: '7' }, 'uid', 7),
  'secrets.*.gid': filed('secrets', { gid: '8' }, 'gid', 8),
  'secrets.*.mode': filed('secrets', { mode: '0400' }, 'mode', 0o400),
  configs: c({ configs: [{ source: 'f' }] }, 'container.mounts.0.target', '/f'),
  'configs.*.source': filed('configs', {}, 'from', { kind: 'text', text: 'hello' }),
  'configs.*.target': filed('configs', { target: '/etc/c' }, 'target', '/etc/c'),
  'configs.*.uid': filed('configs', { uid: '7' }, 'uid', 7),
  'configs.*.gid': filed('configs', { gid: '8' }, 'gid', 8),
  'configs.*.mode': filed('configs', { mode: '0440' }, 'mode', 0o440),
  healthcheck: checked('test', ['CMD', 'true'], 'test'),
  'healthcheck.test': checked('test', ['CMD-SHELL', 'true'], 'test'),
  'healthcheck.disable': checked('disable', true, 'test', ['NONE']),
  'healthcheck.interval': checked('interval', '1m30s', 'intervalMs', 90_000),
  'healthcheck.timeout': checked('timeout', '500ms', 'timeoutMs', 500),
  'healthcheck.retries': checked('retries', 3, 'retries'),
  'healthcheck.start_period': checked('start_period', '10s', 'startPeriodMs', 10_000),
  'depends_on.*.condition': c(
    { depends_on: { db: { condition: 'service_completed_successfully' } } },
    'container.dependsOn',
    [{ service: 'db', condition: 'completed' }],
  ),
  'depends_on.*.required': c(
    { depends_on: { gone: { condition: 'service_started', required: false } } },
    'container.dependsOn',
    [],
  ),
  user: container('user', '1:2', 'user'),
  group_add: container('group_add', ['a', 5], 'groups', ['a', '5']),
  cap_add: container('cap_add', ['SYS_TIME', 'NET_ADMIN', 'CAP_NET_RAW', 'ALL'], 'capabilitiesAdded', [
    'SYS_TIME',
  ]),
  cap_drop: container('cap_drop', ['ALL'], 'capabilitiesDropped'),
  security_opt: container(
    'security_opt',
    ['no-new-privileges:true', 'seccomp=unconfined'],
    'securityOptions',
    ['no-new-privileges:true'],
  ),
  read_only: container('read_only', true, 'filesystem', 'read-only'),
  ulimits: container('ulimits', { nofile: { soft: 1, hard: 2 } }, 'ulimits', [
    { name: 'nofile', soft: 1, hard: 2 },
  ]),
  sysctls: container('sysctls', { 'net.core.somaxconn': '1024' }, 'sysctls'),
  init: container('init', true, 'init'),
  stdin_open: container('stdin_open', true, 'stdin', 'open'),
  stop_signal: container('stop_signal', 'SIGQUIT', 'stopSignal'),
  stop_grace_period: container('stop_grace_period', '1m0s', 'stopGraceMs', 60_000),
  labels: container('labels', { a: 'b' }, 'labels'),
  pull_policy: container('pull_policy', 'if_not_present', 'pull', { when: 'missing' }),
  platform: container('platform', 'linux/amd64', 'platform'),
  hostname: container('hostname', 'h', 'hostname'),
  domainname: container('domainname', 'd', 'domainname'),
  mem_limit: limited('mem_limit', '1024', 'memory', 1024),
  mem_reservation: limited('mem_reservation', '1024', 'memoryReservation', 1024),
  memswap_limit: limited('memswap_limit', '-1', 'memoryAndSwap', -1),
  mem_swappiness: limited('mem_swappiness', '10', 'swappiness', 10),
  oom_score_adj: limited('oom_score_adj', 10, 'outOfMemoryScore'),
  cpus: limited('cpus', 0.5, 'processors'),
  cpu_shares: limited('cpu_shares', 5, 'processorShares'),
  cpu_quota: limited('cpu_quota', '50000', 'processorQuota', 50_000),
  cpu_period: limited('cpu_period', '100000', 'processorPeriod', 100_000),
  cpuset: limited('cpuset', '0,1', 'processorSet'),
  pids_limit: limited('pids_limit', 10, 'processes'),
  shm_size: limited('shm_size', '1024', 'sharedMemory', 1024),
  'deploy.resources.limits.cpus': deployed(
    { resources: { limits: { cpus: 0.5 } } },
    'container.limits.processors',
    0.5,
  ),
  'deploy.resources.limits.memory': deployed(
    { resources: { limits: { memory: '1024' } } },
    'container.limits.memory',
    1024,
  ),
  'deploy.resources.limits.pids': deployed(
    { resources: { limits: { pids: 7 } } },
    'container.limits.processes',
    7,
  ),
  'deploy.resources.reservations.memory': deployed(
    { resources: { reservations: { memory: '1024' } } },
    'container.limits.memoryReservation',
    1024,
  ),
  'deploy.replicas': deployed({ replicas: 3 }, 'replicas', 3),
  scale: c({ scale: 2 }, 'replicas', 2),
  restart: container('restart', 'on-failure:5', 'restart', { when: 'on-failure', attempts: 5 }),
  'deploy.restart_policy.condition': deployed(
    { restart_policy: { condition: 'on-failure' } },
    'container.restart.when',
    'on-failure',
  ),
  'deploy.restart_policy.max_attempts': deployed(
    { restart_policy: { max_attempts: 3 } },
    'container.restart',
    { when: 'always', attempts: 3 },
  ),
  'develop.watch.*.path': watched({ path: '/p/src' }, 'path', '/p/src'),
  'develop.watch.*.action': watched({ action: 'sync+restart' }, 'action', 'sync+restart'),
  'develop.watch.*.target': watched({ target: '/app/src' }, 'target', '/app/src'),
  'develop.watch.*.ignore': watched({ ignore: ['node_modules/'] }, 'ignore', ['node_modules/']),
  'develop.watch.*.include': watched({ include: ['*.js'] }, 'include', ['*.js']),
  'develop.watch.*.initial_sync': watched({ initial_sync: true }, 'initialSync', 'wanted'),
  ports: c({ ports: [{ target: 80 }] }, 'ports', [{ port: 80 }]),
  'ports.*.target': c({ ports: [{ target: 80 }, { target: 81 }] }, 'ports.1', { port: 81, name: 'port-81' }),
  'ports.*.published': c({ ports: [{ target: 80, published: '8080' }] }, 'container.published', [
    { targetPort: 80, port: 8080 },
  ]),
  'ports.*.host_ip': c({ ports: [{ target: 80, host_ip: '0.0.0.0' }] }, 'ports', [{ port: 80 }]),
  'ports.*.mode': c({ ports: [{ target: 80, mode: 'host' }] }, 'ports', [{ port: 80 }]),
  'ports.*.protocol': c(
    {
      ports: [
        { target: 80, protocol: 'tcp' },
        { target: 53, protocol: 'udp' },
      ],
    },
    'ports',
    [{ port: 80 }],
  ),
  'ports.*.name': c({ ports: [{ target: 80, name: 'http-web' }] }, 'ports.0.name', 'http-web'),
  'ports.*.app_protocol': c({ ports: [{ target: 80, app_protocol: 'http' }] }, 'ports.0.appProtocol', 'http'),
  expose: c({ expose: ['8000', '9000-9001', '53/udp'] }, 'ports', [
    { port: 8000, name: 'port-8000' },
    { port: 9000, name: 'port-9000' },
    { port: 9001, name: 'port-9001' },
  ]),
  'networks.*.aliases': c({ networks: { front: { aliases: ['www'] } } }, 'aliases', ['www']),
  container_name: c({ container_name: 'the-web' }, 'aliases', ['the-web']),
  extra_hosts: container('extra_hosts', ['x=1.2.3.4'], 'extraHosts', ['x:1.2.3.4']),
  'logging.driver': c({ logging: { driver: 'syslog' } }, 'name', 'web'),
};

/** Where a lost key's neighbours must be there for the plugin's own schema. */
const AROUND: Readonly<Record<string, object>> = {
  'build.*': { context: '/p' },
  'volumes.*': { type: 'volume', target: '/t' },
  'depends_on.*': { condition: 'service_started', required: true },
  'develop.*': { path: '/p', action: 'sync', target: '/t' },
};

/** A service in which this key, and no other lost one, is written. */
function serviceWith(key: string): Record<string, unknown> {
  const [first = '', ...rest] = key.split('.');
  const build = (words: readonly string[], around: object | undefined): unknown => {
    const [word, ...more] = words;
    if (word === undefined) return ['written'];
    if (word !== '*') return { ...around, [word]: build(more, undefined) };
    const inner = build(more, AROUND[`${first}.*`]);
    return ['volumes', 'ports', 'develop'].includes(first) ? [inner] : { db: inner };
  };
  return { [first]: build(rest, first === 'develop' ? undefined : AROUND[`${first}.*`]) };
}

function lostOf(service: Record<string, unknown>): string[] {
  return translated({ ...FILES, services: { ...FILES.services, web: { image: 'x', ...service } } })
    .problems.filter(({ code }) => code === 'compose-lost')
    .map(({ message }) => message);
}

describe('keys of a Compose service', () => {
  for (const { key, fate, how } of SERVICE_KEYS) {
    if (fate === 'lost') {
      it(`${key} is told as lost, and why`, () => {
        const [message, ...others] = lostOf(serviceWith(key));
        expect(message).toMatch(/^web: .* has no effect: /);
        expect(message?.endsWith(how)).toBe(true);
        expect(others).toEqual([]);
      });
    } else if (!BY_THE_PLUGIN.includes(key)) {
      it(`${key} is ${fate}`, () => {
        const [service, path, value] = CASES[key] ?? [];
        const { services } = translated({
          ...FILES,
          services: { ...FILES.services, web: { image: 'x', ...service } },
        });
        const web = services.find(({ name }) => name === 'web') as ComposeService;
        expect(valueAt(web, (path ?? '').split('.'))).toEqual(value);
      });
    }
  }

  it("that this version doesn't know are told", () => {
    expect(lostOf({ teleport: 'on', 'x-mine': 1 })).toEqual([
      "web: teleport has no effect: this version doesn't know it",
    ]);
  });

  it('that say nothing are no loss', () => {
    expect(
      lostOf({ privileged: false, devices: [], deploy: { placement: {} }, tty: false, dns: null }),
    ).toEqual([]);
  });

  it('of a watch that can’t be followed are told, and the others are followed', () => {
    const watch = [
      { path: '/p', action: 'teleport', target: '/t' },
      { path: '/p', action: 'rebuild' },
      { path: '/p', action: 'sync', target: 'app' },
      { path: '/p', action: 'sync+exec', target: '/t', exec: { command: ['reload'] } },
      { path: '/p', action: 'restart', exec: { command: null } },
    ];
    const { services, problems } = translated({ services: { web: { image: 'x', develop: { watch } } } });
    expect(services[0]?.container.watch).toEqual([
      { path: '/p', action: 'sync', target: '/t', ignore: [], include: [] },
      { path: '/p', action: 'restart', target: null, ignore: [], include: [] },
    ]);
    expect(problems.map(({ message }) => message)).toEqual([
      expect.stringMatching(/develop\.watch\.3\.exec has no effect: the command isn't run/),
      expect.stringMatching(/develop\.watch\.0\.action teleport has no effect: this version/),
      expect.stringMatching(/develop\.watch\.1\.action rebuild has no effect: the service has no build/),
      expect.stringMatching(/develop\.watch\.2\.target app has no effect: an absolute path/),
    ]);
  });

  it('are in docs/compose.md as the table has them', () => {
    const page = readFileSync(new URL('../../../docs/compose.md', import.meta.url), 'utf8');
    expect(page).toContain(renderComposeKeys(SERVICE_KEYS));
    expect(page).toContain(renderComposeKeys(FILE_KEYS));
  });
});
