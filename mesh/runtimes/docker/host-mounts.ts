/** Mounts that turn out to command the engine or the machine only where links are followed: refused before a start. */
import { readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { isHostControl } from '../../../model/compose/host-control.ts';
import type { ContainerMount } from '../../../model/container.ts';
import { EnvironmentError } from '../../../model/environment-error.ts';

/**
 * The engine's socket may be anywhere, and a link may lead to it, to /proc or to another usual place; what names one
 * of those itself was left out before. `engineUrl`: as `unix:///run/docker.sock`; `workload`: for the message.
 * @throws EnvironmentError `engine-mounted`
 */
export function refuseHostMounts(
  mounts: readonly ContainerMount[],
  engineUrl: string,
  workload: string,
): void {
  const socketPath = /^unix:\/\/(.*)$/.exec(engineUrl)?.[1];
  const socket = socketPath === undefined ? null : realPath(socketPath);
  for (const mount of mounts) {
    if (mount.kind !== 'bind') continue;
    const source = realPath(mount.source);
    const holdsSocket = socket !== null && `${socket}/`.startsWith(`${source.replace(/\/+$/, '')}/`);
    if (holdsSocket || isHostControl(source))
      throw new EnvironmentError(
        'engine-mounted',
        `${workload} mounts ${mount.source}, which leads to ${source}: with it a service could undo its containment`,
        { hint: 'leave that mount out of the Compose file' },
      );
  }
}

/**
 * Without links, as far as this user can follow them. What isn't there, or isn't ours to read (/var/lib/docker), the
 * engine finds or makes all the same: then the part that can be followed counts.
 */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    const parent = dirname(path);
    // Nobody can follow a loop, the engine neither.
    if (parent === path || (error as NodeJS.ErrnoException).code === 'ELOOP') return path;
    const target = linkTarget(path);
    return target === null ? join(realPath(parent), basename(path)) : realPath(resolve(parent, target));
  }
}

/** Where a link points; null where there is none. */
function linkTarget(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}
