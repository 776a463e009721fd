/** Paths of this machine by which a container could command its engine or its kernel, and so undo its containment. */

const PATHS = [
  '/run/docker.sock',
  '/run/docker',
  '/run/containerd',
  '/run/podman',
  '/run/crio',
  '/var/lib/docker',
  '/var/lib/containerd',
  '/var/lib/containers',
  '/proc',
  '/sys',
  '/dev',
];

/** Whether a mount of `source` would bring one of them in: the path itself, one below, or a folder above. */
export function isHostControl(source: string): boolean {
  // /var/run is /run on every Linux of today.
  const path = `${source.replace(/^\/var\/run(?=\/|$)/, '/run').replace(/\/+$/, '')}/`;
  // Above both of its names.
  return (
    path === '/var/' ||
    PATHS.some((control) => `${control}/`.startsWith(path) || path.startsWith(`${control}/`))
  );
}
