/**
 * Images with Debian's own servers, as a registry would have them: PostgreSQL, Redis, nginx, and Node with psql. Made
 * of the programs of this machine and their libraries; kept from run to run.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { dockerTry } from './docker-cli.ts';
import { copyProgram, importFolder } from './docker-images.ts';
import { postgresPrograms } from './requires.ts';

/** What images of databases do at their first start: make the files, set the password, let others in. */
const POSTGRES_ENTRY = `#!/bin/sh
set -e
[ "$1" = postgres ] || exec "$@"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  initdb --locale=C --encoding=UTF8 --username="$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" --auth=scram-sha-256 >/dev/null
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  echo "CREATE DATABASE $POSTGRES_USER" | postgres --single -j postgres >/dev/null
fi
exec "$@"
`;

const PASSWD = `root:x:0:0:root:/:/bin/sh
postgres:x:70:70::/var/lib/postgresql:/bin/sh
redis:x:999:999::/:/bin/sh
nobody:x:65534:65534::/:/bin/sh
`;
const GROUPS = 'root:x:0:\npostgres:x:70:\nredis:x:999:\nnobody:x:65534:\nnogroup:x:65533:\n';
const APPLETS = ['sh', 'mkdir', 'chown', 'chmod', 'cat', 'sleep', 'wget'];

interface DebianImage {
  programs: readonly string[];
  /** Copied whole, at their own places. */
  folders?: readonly string[];
  /** Text by absolute path; executable. */
  scripts?: Readonly<Record<string, string>>;
  /** Changes of `docker import`. */
  changes: readonly string[];
}

export type DebianServer = 'postgres' | 'redis' | 'nginx' | 'node';

/** Makes `debian-NAME:local` of each where it isn't there yet. */
export async function buildDebianImages(...names: readonly DebianServer[]): Promise<void> {
  for (const name of names) await build(`debian-${name}:local`, contentsOf(name));
}

function contentsOf(name: DebianServer): DebianImage {
  switch (name) {
    case 'postgres': {
      const programs = installedPostgres();
      const version = programs.split('/').at(-2) ?? '';
      return {
        programs: ['postgres', 'initdb', 'psql', 'pg_isready'].map((program) => `${programs}/${program}`),
        folders: [`/usr/lib/postgresql/${version}/lib`, `/usr/share/postgresql/${version}`],
        scripts: { '/usr/bin/docker-entrypoint.sh': POSTGRES_ENTRY },
        changes: [
          `ENV PATH=${programs}:/usr/bin:/bin PGDATA=/var/lib/postgresql/data/main`,
          'USER postgres',
          'ENTRYPOINT ["/usr/bin/docker-entrypoint.sh"]',
          'CMD ["postgres", "-c", "listen_addresses=*"]',
          'EXPOSE 5432',
        ],
      };
    }
    case 'redis':
      return {
        programs: ['/usr/bin/redis-server', '/usr/bin/redis-cli'],
        changes: ['CMD ["redis-server"]', 'EXPOSE 6379'],
      };
    case 'nginx':
      return {
        programs: ['/usr/sbin/nginx'],
        folders: ['/etc/nginx/mime.types'],
        changes: ['CMD ["nginx", "-g", "daemon off;"]', 'EXPOSE 80'],
      };
    case 'node':
      return {
        programs: [process.execPath, `${installedPostgres()}/psql`],
        changes: [`ENV PATH=${installedPostgres()}:/usr/bin:/usr/sbin:/bin`],
      };
  }
}

function installedPostgres(): string {
  const programs = postgresPrograms();
  if (programs === null) throw new Error('PostgreSQL is not installed');
  return programs;
}

async function build(tag: string, image: DebianImage): Promise<void> {
  if ((await dockerTry('image', 'inspect', tag)).code === 0) return;
  const root = mkdtempSync(join(tmpdir(), 'greenroom-image-'));
  try {
    for (const folder of [
      'bin',
      'etc',
      'tmp',
      'run',
      'var/run/postgresql',
      'var/lib/postgresql/data',
      'var/log/nginx',
      'var/lib/nginx',
    ])
      mkdirSync(join(root, folder), { recursive: true });
    const shared = ['tmp', 'var/run/postgresql', 'var/lib/postgresql/data'].map((folder) =>
      join(root, folder),
    );
    execFileSync('chmod', ['1777', ...shared]);
    copyProgram(root, '/bin/busybox', '/bin/busybox');
    for (const applet of APPLETS) execFileSync('ln', ['-s', 'busybox', join(root, 'bin', applet)]);
    for (const program of image.programs)
      copyProgram(root, program, program === process.execPath ? '/usr/bin/node' : program);
    for (const folder of image.folders ?? []) {
      cpSync(folder, join(root, folder), { recursive: true, dereference: true });
    }
    writeFileSync(join(root, 'etc/passwd'), PASSWD);
    writeFileSync(join(root, 'etc/group'), GROUPS);
    for (const [path, text] of Object.entries(image.scripts ?? {})) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text, { mode: 0o755 });
    }
    const changes = image.changes.some((change) => change.startsWith('ENV PATH'))
      ? image.changes
      : ['ENV PATH=/usr/sbin:/usr/bin:/sbin:/bin', ...image.changes];
    await importFolder(root, tag, changes);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
