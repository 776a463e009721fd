/** Volumes, tmpfs, configs and secrets of a Compose service -> mounts and files of its container. */
import type { ContainerFile, ContainerMount } from '../container.ts';
import type { Problem } from '../problem.ts';
import type {
  ComposeConfig,
  ComposeFileSource,
  ComposeFileUse,
  ComposeServiceConfig,
} from './compose-config.ts';
import type { ComposeSource } from './compose-source.ts';
import { isHostControl } from './host-control.ts';
import { lostKey } from './lost-keys.ts';

export interface TranslatedStorage {
  mounts: ContainerMount[];
  files: ContainerFile[];
}

export function translateStorage(
  service: string,
  config: ComposeServiceConfig,
  whole: ComposeConfig,
  source: ComposeSource,
  problems: Problem[],
): TranslatedStorage {
  const storage: TranslatedStorage = { mounts: [], files: [] };
  for (const [index, mount] of (config.volumes ?? []).entries()) {
    const access = mount.read_only === true ? ('read-only' as const) : ('read-write' as const);
    const lost = (why: string): unknown => problems.push(lostKey(source, service, ['volumes', index], why));
    if (mount.type === 'bind' && mount.source !== undefined) {
      if (isHostControl(mount.source)) {
        lost(hostControlled(mount.source));
        continue;
      }
      const { propagation } = mount.bind ?? {};
      storage.mounts.push({
        kind: 'bind',
        source: mount.source,
        target: mount.target,
        access,
        ...(propagation ? { propagation } : {}),
      });
    } else if (mount.type === 'volume') {
      if (mount.source !== undefined && whole.volumes[mount.source]?.external) {
        lost(`the volume ${mount.source} isn't ours to use; the service gets an empty one`);
      }
      const copied = mount.volume?.nocopy === true ? ('never' as const) : ('at-first' as const);
      storage.mounts.push({
        kind: 'volume',
        name: mount.source ?? null,
        target: mount.target,
        access,
        copied,
      });
    } else if (mount.type === 'tmpfs') {
      storage.mounts.push({ kind: 'tmpfs', target: mount.target, options: tmpfsOptions(mount.tmpfs) });
    } else {
      lost(`mounts of the type ${mount.type} are not known here`);
    }
  }
  for (const text of config.tmpfs ?? []) {
    const [target = '', options = ''] = text.split(':', 2);
    storage.mounts.push({ kind: 'tmpfs', target, options });
  }
  for (const kind of ['configs', 'secrets'] as const) {
    for (const [index, use] of (config[kind] ?? []).entries()) {
      const place = { kind, index, service, source, problems, sealed: config.read_only === true };
      addFile(use, whole[kind][use.source], place, storage);
    }
  }
  return storage;
}

interface FilePlace {
  kind: 'configs' | 'secrets';
  index: number;
  service: string;
  source: ComposeSource;
  problems: Problem[];
  /** The container's file system is read-only: nothing can be put into it. */
  sealed: boolean;
}

function addFile(
  use: ComposeFileUse,
  defined: ComposeFileSource | undefined,
  place: FilePlace,
  storage: TranslatedStorage,
): void {
  const { kind, index, service, source, problems } = place;
  const target = targetOf(use, kind);
  if (defined?.file !== undefined) {
    if (isHostControl(defined.file)) {
      problems.push(lostKey(source, service, [kind, index], hostControlled(defined.file)));
      return;
    }
    storage.mounts.push({ kind: 'bind', source: defined.file, target, access: 'read-only' });
    return;
  }
  const from =
    defined?.content !== undefined
      ? ({ kind: 'text', text: defined.content } as const)
      : defined?.environment !== undefined
        ? ({
            kind: 'environment',
            ...source.variableSource(kind, use.source, defined.environment),
          } as const)
        : null;
  if (from === null || place.sealed) {
    const why =
      from === null
        ? `${use.source} is kept outside of this project`
        : 'into a read_only container only files can be mounted';
    problems.push(lostKey(source, service, [kind, index], why));
    return;
  }
  const mode = typeof use.mode === 'number' ? use.mode : Number.parseInt(use.mode ?? '0444', 8);
  storage.files.push({ target, from, uid: Number(use.uid ?? 0), gid: Number(use.gid ?? 0), mode });
}

function hostControlled(path: string): string {
  return `with ${path} a service could reach the engine or the host, and undo its containment`;
}

function targetOf(use: ComposeFileUse, kind: 'configs' | 'secrets'): string {
  const target = use.target ?? use.source;
  if (target.startsWith('/')) return target;
  return kind === 'secrets' ? `/run/secrets/${target}` : `/${target}`;
}

function tmpfsOptions(options: { size?: number | undefined; mode?: number | undefined } | undefined): string {
  const words: string[] = [];
  if (options?.size !== undefined) words.push(`size=${options.size}`);
  if (options?.mode !== undefined) words.push(`mode=${options.mode.toString(8)}`);
  return words.join(',');
}
