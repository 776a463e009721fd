/**
 * What `docker compose config --format json` prints, as far as it is read here: merged, interpolated, in long form.
 * Keys that aren't named stay in the value: `lost-keys.ts` tells of them.
 */
import { z } from 'zod';
import { messageOf } from '../message-of.ts';
import type { Parsed } from '../problem.ts';

const text = z.string();
const count = z.union([z.number(), z.string().regex(/^-?\d+$/)]).transform(Number);
const words = z.array(text).nullish();
const texts = z
  .record(text, z.union([text, z.number(), z.boolean()]).nullable())
  .transform((record) =>
    Object.fromEntries(
      Object.entries(record).flatMap(([name, value]) => (value === null ? [] : [[name, String(value)]])),
    ),
  )
  .nullish();
const ulimits = z.record(text, z.union([z.number(), z.looseObject({ soft: count, hard: count })])).nullish();
const file = z.looseObject({
  source: text,
  target: text.optional(),
  uid: text.optional(),
  gid: text.optional(),
  mode: z.union([text, z.number()]).optional(),
});

const build = z.looseObject({
  context: text.optional(),
  dockerfile: text.optional(),
  dockerfile_inline: text.optional(),
  args: texts,
  target: text.optional(),
  secrets: z.array(file).nullish(),
  ssh: words,
  cache_from: words,
  cache_to: words,
  no_cache: z.boolean().optional(),
  pull: z.boolean().optional(),
  network: text.optional(),
  labels: texts,
  extra_hosts: words,
  platforms: words,
  tags: words,
  shm_size: count.optional(),
  ulimits,
});

const mount = z.looseObject({
  type: text,
  source: text.optional(),
  target: text,
  read_only: z.boolean().optional(),
  bind: z.looseObject({ propagation: text.optional() }).optional(),
  volume: z.looseObject({ nocopy: z.boolean().optional() }).optional(),
  tmpfs: z.looseObject({ size: count.optional(), mode: z.number().optional() }).optional(),
});

const watchRule = z.looseObject({
  path: text,
  action: text,
  target: text.optional(),
  ignore: words,
  include: words,
  initial_sync: z.boolean().optional(),
});

const service = z.looseObject({
  image: text.optional(),
  build: build.optional(),
  command: words,
  entrypoint: words,
  environment: texts,
  ports: z
    .array(
      z.looseObject({
        target: count,
        published: z.union([text, z.number()]).transform(String).optional(),
        protocol: text.default('tcp'),
        name: text.optional(),
        app_protocol: text.optional(),
      }),
    )
    .nullish(),
  expose: z.array(z.union([text, z.number()]).transform(String)).nullish(),
  volumes: z.array(mount).nullish(),
  tmpfs: words,
  configs: z.array(file).nullish(),
  secrets: z.array(file).nullish(),
  depends_on: z
    .record(text, z.looseObject({ condition: text, required: z.boolean().default(true) }))
    .nullish(),
  healthcheck: z
    .looseObject({
      test: words,
      disable: z.boolean().optional(),
      interval: text.optional(),
      timeout: text.optional(),
      start_period: text.optional(),
      retries: z.number().optional(),
    })
    .nullish(),
  user: text.optional(),
  group_add: z.array(z.union([text, z.number()]).transform(String)).nullish(),
  hostname: text.optional(),
  domainname: text.optional(),
  container_name: text.optional(),
  working_dir: text.optional(),
  init: z.boolean().optional(),
  stdin_open: z.boolean().optional(),
  stop_signal: text.optional(),
  stop_grace_period: text.optional(),
  labels: texts,
  cap_add: words,
  cap_drop: words,
  security_opt: words,
  read_only: z.boolean().optional(),
  ulimits,
  sysctls: texts,
  networks: z.record(text, z.looseObject({ aliases: words }).nullable()).nullish(),
  links: words,
  extra_hosts: words,
  platform: text.optional(),
  logging: z.looseObject({ driver: text.optional() }).nullish(),
  restart: text.optional(),
  pull_policy: text.optional(),
  scale: z.number().optional(),
  mem_limit: count.optional(),
  mem_reservation: count.optional(),
  memswap_limit: count.optional(),
  mem_swappiness: count.optional(),
  oom_score_adj: z.number().optional(),
  cpus: z.number().optional(),
  cpu_shares: z.number().optional(),
  cpu_quota: count.optional(),
  cpu_period: count.optional(),
  cpuset: text.optional(),
  pids_limit: z.number().optional(),
  shm_size: count.optional(),
  develop: z.looseObject({ watch: z.array(watchRule).nullish() }).nullish(),
  deploy: z
    .looseObject({
      replicas: z.number().optional(),
      resources: z
        .looseObject({
          limits: z
            .looseObject({
              cpus: z.coerce.number().optional(),
              memory: count.optional(),
              pids: z.number().optional(),
            })
            .optional(),
          reservations: z.looseObject({ memory: count.optional() }).optional(),
        })
        .optional(),
      restart_policy: z
        .looseObject({ condition: text.optional(), max_attempts: z.number().optional() })
        .optional(),
    })
    .nullish(),
});

const source = z.looseObject({
  name: text.optional(),
  file: text.optional(),
  environment: text.optional(),
  content: text.optional(),
  external: z.union([z.boolean(), z.looseObject({})]).optional(),
});

const schema = z.looseObject({
  name: text,
  services: z.record(text, service).default({}),
  networks: z.record(text, z.looseObject({}).nullable()).nullish(),
  volumes: z
    .record(text, z.looseObject({ external: source.shape.external }).nullable())
    .nullish()
    .transform((volumes) => volumes ?? {}),
  configs: z
    .record(text, source)
    .nullish()
    .transform((configs) => configs ?? {}),
  secrets: z
    .record(text, source)
    .nullish()
    .transform((secrets) => secrets ?? {}),
});

export type ComposeConfig = z.infer<typeof schema>;
export type ComposeServiceConfig = z.infer<typeof service>;
export type ComposeBuild = z.infer<typeof build>;
export type ComposeFileSource = z.infer<typeof source>;
export type ComposeFileUse = z.infer<typeof file>;

/** Reads what the plugin printed. `shown` is the Compose file as the user knows it. */
export function readComposeConfig(json: string, shown: string): Parsed<ComposeConfig> {
  const refuse = (message: string): Parsed<ComposeConfig> => ({
    value: null,
    problems: [
      {
        code: 'compose-unreadable',
        severity: 'error',
        message: `docker compose config printed something unexpected: ${message}`,
        at: { file: shown, line: 1, column: 1 },
      },
    ],
  });
  let value: unknown;
  try {
    // The plugin doubles every `$`, so that its output could be a Compose file again.
    value = JSON.parse(json.replaceAll('$$', '$'));
  } catch (error) {
    return refuse(messageOf(error));
  }
  const read = schema.safeParse(value);
  if (read.success) return { value: read.data, problems: [] };
  const [issue] = read.error.issues;
  return refuse(`${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? ''}`);
}
