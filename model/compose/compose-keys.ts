/**
 * Every key of a Compose service and what becomes of it: the one table that the importer's warnings, docs/compose.md
 * and the tests read. `*` stands for a name or an entry of a list.
 */

/** honoured: as Compose does. translated: by a means of the mesh. lost: without effect, and told so with its line. */
export type Fate = 'honoured' | 'translated' | 'lost';

export interface ComposeKey {
  key: string;
  fate: Fate;
  /** What happens, or for a lost key why nothing does. */
  how: string;
}

const HONOURED: Readonly<Record<string, string>> = {
  image: 'run as it is; pulled where the engine lacks it, with what `docker login` left',
  build: 'by `docker build`, its lines shown',
  'build.context': 'the folder',
  'build.dockerfile': '`--file`',
  'build.dockerfile_inline': '`--file -`',
  'build.args':
    '`--build-arg NAME=value`; a secret’s value in the environment, by a name that no program here reads',
  'build.target': '`--target`',
  'build.secrets': '`--secret`, by BuildKit',
  'build.ssh': '`--ssh`, by BuildKit',
  'build.cache_from': '`--cache-from`',
  'build.cache_to': '`--cache-to`',
  'build.no_cache': '`--no-cache`',
  'build.pull': '`--pull`',
  'build.network': '`--network`',
  'build.platforms': 'the first, where `platform` names none',
  'build.labels': '`--label`',
  'build.shm_size': '`--shm-size`',
  'build.extra_hosts': '`--add-host`',
  'build.tags': '`--tag`, each',
  'build.ulimits': '`--ulimit`',
  command: 'in the container; never run as a local process',
  entrypoint: 'as written',
  environment: 'as written, after interpolation',
  env_file: 'read by `docker compose config` into the environment',
  working_dir: 'as written',
  tmpfs: 'as written',
  volumes: "bind, volume and tmpfs mounts; the engine's socket and folders, /proc, /sys and /dev are lost",
  'volumes.*.type': 'as written',
  'volumes.*.target': 'as written',
  'volumes.*.read_only': 'as written',
  'volumes.*.bind.propagation': 'as written',
  'volumes.*.volume.nocopy': 'as written',
  'volumes.*.tmpfs.size': 'as written',
  'volumes.*.tmpfs.mode': 'as written',
  secrets: "files under /run/secrets: a bind mount of a file; a variable's value is put into the container",
  'secrets.*.source': 'as written',
  'secrets.*.target': 'as written',
  'secrets.*.uid': 'of what is put into the container; a mounted file keeps its own',
  'secrets.*.gid': 'of what is put into the container; a mounted file keeps its own',
  'secrets.*.mode': 'of what is put into the container; a mounted file keeps its own',
  configs: 'files: a bind mount of a file; a text is put into the container',
  'configs.*.source': 'as written',
  'configs.*.target': 'as written',
  'configs.*.uid': 'of what is put into the container; a mounted file keeps its own',
  'configs.*.gid': 'of what is put into the container; a mounted file keeps its own',
  'configs.*.mode': 'of what is put into the container; a mounted file keeps its own',
  healthcheck: 'run by the engine; readiness waits for it',
  'healthcheck.test': 'as written',
  'healthcheck.disable': 'as written',
  'healthcheck.interval': 'as written',
  'healthcheck.timeout': 'as written',
  'healthcheck.retries': 'as written',
  'healthcheck.start_period': 'as written',
  'depends_on.*.required': "what isn't there isn't waited for",
  user: 'as written',
  group_add: 'as written',
  cap_drop: 'as written',
  read_only: 'as written',
  ulimits: 'as written',
  sysctls: "as written; those of the network in the pod's namespace",
  init: 'as written',
  stdin_open: 'as written',
  stop_signal: 'as written',
  stop_grace_period: 'as written; 3 s where it is absent',
  labels: "on the container; those of Greenroom can't be overwritten",
  label_file: 'read by `docker compose config` into the labels',
  platform: 'as written, also for the build and the pull',
  pull_policy:
    'as written; without it what has `build` is built at each start, from the cache where it can be, and never pulled',
  hostname: 'of the pod',
  domainname: 'of the pod',
  mem_limit: 'as written',
  mem_reservation: 'as written',
  memswap_limit: 'as written',
  mem_swappiness: 'as written',
  oom_score_adj: 'as written',
  cpus: 'as written',
  cpu_shares: 'as written',
  cpu_quota: 'as written',
  cpu_period: 'as written',
  cpuset: 'as written',
  pids_limit: 'as written',
  shm_size: 'as written',
  'deploy.resources.limits.cpus': 'as `cpus`',
  'deploy.resources.limits.memory': 'as `mem_limit`',
  'deploy.resources.limits.pids': 'as `pids_limit`',
  'deploy.resources.reservations.memory': 'as `mem_reservation`',
  'develop.watch.*.path':
    'a file, or a folder and all below it; `.dockerignore` of the build and files of editors are left out',
  'develop.watch.*.action':
    '`sync`, `sync+restart`, `restart`, `rebuild`, once the files rest for a moment, while `greenroom up` or `serve` runs',
  'develop.watch.*.target': 'where it is copied to, with its user as the owner where that is a number',
  'develop.watch.*.ignore': 'patterns of a `.dockerignore`, from the path on',
  'develop.watch.*.include': 'patterns of a `.dockerignore`, from the path on',
  'develop.watch.*.initial_sync': 'what is there at the start is copied too',
  profiles: 'chosen by `spec.compose.profiles`; read by `docker compose config`',
  extends: 'read by `docker compose config`',
};

const TRANSLATED: Readonly<Record<string, string>> = {
  ports: "a port of the service; what callers dial is the container's port",
  'ports.*.target': 'port and targetPort',
  'ports.*.published':
    "opened on this machine's loopback at the sidecar of the first instance, which judges who calls; a gateway that listens there goes before",
  'ports.*.host_ip': 'loopback, whatever is written',
  'ports.*.mode': 'one machine has one way',
  'ports.*.protocol': '`tcp`; ports of `udp` are lost',
  'ports.*.name': "the port's name",
  'ports.*.app_protocol': 'appProtocol',
  expose: 'a port of the service',
  'depends_on.*.condition':
    'start order: `service_started` waits until the service is ready, as `service_healthy` does; `service_completed_successfully` until it ended with 0',
  'deploy.replicas': 'instances, each with a sidecar',
  scale: 'instances, each with a sidecar',
  restart: 'by Greenroom, with a growing pause; nothing restarts once Greenroom is gone',
  'deploy.restart_policy.condition': 'as `restart`',
  'deploy.restart_policy.max_attempts': 'as `restart`',
  'networks.*.aliases': 'names of the service for everybody in its namespace',
  container_name: "a name of the service; the container has a name of Greenroom's",
  extra_hosts: "in /etc/hosts; the address itself can't be reached from inside the mesh",
  cap_add: 'as written, but for those that could undo the containment',
  security_opt: '`no-new-privileges` as written; others are lost',
  'logging.driver': '`json-file` and `local` are kept to 10 MB; others are lost',
  'volumes.*.source': 'a named volume is one of the session: empty at the start, removed at the end',
};

const LOST: Readonly<Record<string, string>> = {
  annotations: 'the engine keeps none',
  attach: 'the output of every service is followed',
  blkio_config: "disks aren't shared out",
  'build.additional_contexts': "needs a builder that Greenroom doesn't ask for",
  'build.entitlements': 'a build gets no privilege',
  'build.isolation': 'of Windows',
  'build.no_cache_filter': "needs a builder that Greenroom doesn't ask for",
  'build.privileged': 'a build gets no privilege',
  'build.provenance': 'images stay on this machine',
  'build.sbom': 'images stay on this machine',
  cgroup: "the engine's default is kept",
  cgroup_parent: "the engine's default is kept",
  cpu_count: 'of Windows',
  cpu_percent: 'of Windows',
  cpu_rt_period: 'no real-time share is given',
  cpu_rt_runtime: 'no real-time share is given',
  credential_spec: 'of Windows',
  'depends_on.*.restart': "a dependency's restart restarts nobody",
  'deploy.endpoint_mode': 'of Swarm',
  'deploy.labels': 'of Swarm',
  'deploy.mode': 'of Swarm: say `replicas`',
  'deploy.placement': 'of Swarm',
  'deploy.resources.limits.devices': 'no device of this machine is given',
  'deploy.resources.reservations.cpus': 'nothing is reserved on one machine',
  'deploy.resources.reservations.devices': 'no device of this machine is given',
  'deploy.resources.reservations.generic_resources': 'of Swarm',
  'deploy.restart_policy.delay': 'the pause grows by itself',
  'deploy.restart_policy.window': 'the pause grows by itself',
  'deploy.rollback_config': 'of Swarm',
  'deploy.update_config': 'of Swarm',
  'develop.watch.*.exec': "the command isn't run; the files are copied",
  device_cgroup_rules: 'no device of this machine is given',
  devices: 'no device of this machine is given',
  dns: 'names are those of the mesh; no other name server can be reached',
  dns_opt: 'names are those of the mesh; no other name server can be reached',
  dns_search: 'names are those of the mesh; no other name server can be reached',
  external_links: 'nobody outside the mesh can be reached',
  gpus: 'no device of this machine is given',
  'healthcheck.start_interval': 'not known to every engine; `interval` is used',
  ipc: 'a container shares no memory with others',
  isolation: 'of Windows',
  links: 'a service is called by its own name, or by an alias of its networks',
  'logging.options': 'the output is kept to 10 MB and followed',
  mac_address: 'the engine chooses it',
  models: 'not run',
  network_mode: 'an instance has a network of its own: that contains it',
  'networks.*.driver_opts': 'an instance has a network of its own',
  'networks.*.gw_priority': 'an instance has a network of its own',
  'networks.*.interface_name': 'an instance has a network of its own',
  'networks.*.ipv4_address': "addresses are the mesh's",
  'networks.*.ipv6_address': "addresses are the mesh's",
  'networks.*.link_local_ips': "addresses are the mesh's",
  'networks.*.mac_address': 'the engine chooses it',
  'networks.*.priority': 'an instance has a network of its own',
  oom_kill_disable: 'a container that takes too much memory is ended',
  pid: 'a container sees its own processes only',
  post_start: 'not run',
  pre_stop: 'not run',
  privileged: 'a privileged container could undo its containment',
  provider: 'run by a program outside the engine',
  pull_refresh_after: 'say `pull_policy: every_12h`',
  runtime: "the engine's default is kept",
  storage_opt: "the engine's default is kept",
  tty: 'the output is followed as lines, there is no terminal',
  use_api_socket: "with the engine's socket a service could undo its containment",
  userns_mode: "the engine's default is kept",
  uts: 'a pod has a host name of its own',
  'volumes.*.bind.recursive': "the engine's default is kept",
  'volumes.*.bind.selinux': "labels of this machine's files stay",
  'volumes.*.consistency': "the engine's default is kept",
  'volumes.*.image': "images aren't mounted",
  'volumes.*.volume.labels': "volumes carry Greenroom's labels",
  'volumes.*.volume.subpath': 'not known to every engine',
  volumes_from: 'mount the same named volume in both services',
};

/** Keys of `spec.compose`'s file beside `services`. */
const TOP_LEVEL: readonly ComposeKey[] = [
  { key: 'name', fate: 'translated', how: '`init` names the mesh after it' },
  { key: 'include', fate: 'honoured', how: 'read by `docker compose config`' },
  {
    key: 'networks',
    fate: 'lost',
    how: 'who may call whom is what policies say; every service is on the mesh',
  },
  {
    key: 'volumes',
    fate: 'translated',
    how: 'volumes of the session; options of drivers and `external` are lost',
  },
  { key: 'configs', fate: 'honoured', how: '`file`, `content`, `environment`; `external` is lost' },
  { key: 'secrets', fate: 'honoured', how: '`file`, `environment`; `external` is lost' },
  { key: 'models', fate: 'lost', how: 'not run' },
];

/** Of a service, sorted by key. */
export const SERVICE_KEYS: readonly ComposeKey[] = [
  ...rows('honoured', HONOURED),
  ...rows('translated', TRANSLATED),
  ...rows('lost', LOST),
].sort((a, b) => (a.key < b.key ? -1 : 1));

/** Of the whole file. */
export const FILE_KEYS = TOP_LEVEL;

function rows(fate: Fate, table: Readonly<Record<string, string>>): ComposeKey[] {
  return Object.entries(table).map(([key, how]) => ({ key, fate, how }));
}

/** The two tables of docs/compose.md. */
export function renderComposeKeys(keys: readonly ComposeKey[]): string {
  return [
    '| Key | Fate | How |',
    '| --- | --- | --- |',
    ...keys.map(({ key, fate, how }) => `| \`${key}\` | ${fate} | ${how} |`),
    '',
  ].join('\n');
}
