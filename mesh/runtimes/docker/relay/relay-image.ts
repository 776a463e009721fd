/** The image of the relay: HAProxy, OpenSSH's server, busybox. */
import { fileURLToPath } from 'node:url';
import type { Engine } from '../engine.ts';
import { ensureProgramImage } from '../program-image.ts';

/** The reference of an image that has haproxy, sshd and busybox on its PATH; made when it isn't there yet. */
export function ensureRelayImage(engine: Engine, signal: AbortSignal): Promise<string> {
  return ensureProgramImage(
    engine,
    {
      name: 'relay',
      programs: ['haproxy', 'sshd', 'busybox'],
      // Since OpenSSH 9.8 and 10.0 its server starts these.
      beside: ['/usr/lib/openssh/sshd-session', '/usr/lib/openssh/sshd-auth'],
      folder: fileURLToPath(new URL('./image/', import.meta.url)),
      packages: 'haproxy openssh-server busybox-static',
    },
    signal,
  );
}
