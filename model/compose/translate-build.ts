/** `build` of a Compose service -> what `docker build` is told. */
import type { BuildOptions, Ulimit } from '../container.ts';
import type { ComposeBuild, ComposeConfig, ComposeServiceConfig } from './compose-config.ts';
import type { ComposeSource } from './compose-source.ts';
import { given } from './given.ts';

export interface TranslatedBuild {
  context: string;
  dockerfile?: string;
  options: BuildOptions;
}

export function translateBuild(
  config: ComposeServiceConfig,
  whole: ComposeConfig,
  source: ComposeSource,
): TranslatedBuild | null {
  const { build } = config;
  if (build === undefined) return null;
  const context = build.context ?? '.';
  return {
    context,
    ...given({
      dockerfile: build.dockerfile_inline === undefined ? fileIn(context, build.dockerfile) : undefined,
    }),
    options: {
      ...given({
        inline: build.dockerfile_inline,
        target: build.target,
        network: build.network,
        platform: config.platform ?? build.platforms?.[0],
        sharedMemory: build.shm_size,
        cache: build.no_cache === true ? ('unused' as const) : undefined,
        baseImages: build.pull === true ? ('pulled' as const) : undefined,
      }),
      arguments: build.args ?? {},
      secrets: buildSecrets(build, whole, source),
      ssh: build.ssh ?? [],
      cacheFrom: build.cache_from ?? [],
      cacheTo: build.cache_to ?? [],
      labels: build.labels ?? {},
      // `--add-host` wants a colon where the plugin prints `=`.
      extraHosts: (build.extra_hosts ?? []).map((line) => line.replace('=', ':')),
      tags: build.tags ?? [],
      ulimits: translateUlimits(build.ulimits),
    },
  };
}

/** In Compose relative to the context, for `docker build --file` relative to the working directory. */
function fileIn(context: string, dockerfile: string | undefined): string | undefined {
  if (dockerfile === undefined || dockerfile.startsWith('/')) return dockerfile;
  return `${context.replace(/\/$/, '')}/${dockerfile}`;
}

function buildSecrets(
  build: ComposeBuild,
  whole: ComposeConfig,
  source: ComposeSource,
): BuildOptions['secrets'] {
  return (build.secrets ?? []).flatMap((use): BuildOptions['secrets'] => {
    const defined = whole.secrets[use.source];
    const id = use.target ?? use.source;
    if (defined?.file !== undefined) return [{ id, from: { file: defined.file } }];
    if (defined?.environment !== undefined)
      return [{ id, from: source.variableSource('secrets', use.source, defined.environment) }];
    return [];
  });
}

export function translateUlimits(ulimits: ComposeServiceConfig['ulimits']): Ulimit[] {
  return Object.entries(ulimits ?? {}).map(([name, limit]) =>
    typeof limit === 'number'
      ? { name, soft: limit, hard: limit }
      : { name, soft: limit.soft, hard: limit.hard },
  );
}
