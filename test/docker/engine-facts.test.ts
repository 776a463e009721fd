/** What the docker runtime relies on, shown with real servers on the real engine (docs/decisions/0011-compose-files.md). */
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dockerBuild } from '../../mesh/runtimes/docker/docker-build.ts';
import { engineEndpoint } from '../../mesh/runtimes/docker/endpoint.ts';
import { NO_BUILD_OPTIONS } from '../support/build-options.ts';
import { buildDebianImages } from '../support/debian-images.ts';
import { dockerCli, dockerExec, dockerTry } from '../support/docker-cli.ts';
import { type Folder, greenroom, temporaryFolder } from '../support/greenroom.ts';
import { greenroomUp, type RunningUp } from '../support/greenroom-up.ts';
import { firstMissing, describeWith } from '../support/requires.ts';

const PATIENCE_MS = 180_000;
const DATABASE = `
    image: debian-postgres:local
    configs: [{ source: password, target: /password }]
    healthcheck: { test: ["CMD", "pg_isready", "-h", "127.0.0.1"], interval: 1s, timeout: 5s, retries: 60 }
`;
const COMPOSE = `services:
  one:${DATABASE}    environment: { POSTGRES_USER: one, POSTGRES_PASSWORD_FILE: /password }
  two:${DATABASE}    environment: { POSTGRES_USER: two, POSTGRES_PASSWORD_FILE: /password }
  client:
    image: debian-postgres:local
    entrypoint: [busybox, sleep, "1000"]
    init: true
configs: { password: { content: secret } }
`;

describeWith(
  firstMissing('docker', 'compose', 'postgresql'),
  'an engine with two PostgreSQL on one port',
  () => {
    let folder: Folder;
    let up: RunningUp;
    const asked = (host: string, user: string) =>
      dockerExec(
        `greenroom-${up.session}-client-0-service`,
        'sh',
        '-c',
        `PGPASSWORD=secret PGCONNECT_TIMEOUT=5 exec psql -h ${host} -p 5432 -U ${user} -d ${user} -Atc 'SELECT current_user, inet_server_port()'`,
      );

    beforeAll(async () => {
      await buildDebianImages('postgres');
      folder = await temporaryFolder();
      await writeFile(join(folder.path, 'compose.yaml'), COMPOSE);
      await greenroom(['init'], { cwd: folder.path });
      // What it listens on nobody says, and the image's name misleads: that is edited by hand.
      up = await greenroomUp(folder.path, {});
    }, PATIENCE_MS);

    afterAll(async () => {
      await up?.interrupt();
      await folder?.remove();
    }, PATIENCE_MS);

    it('lets nobody into the one as a user of the other', async () => {
      expect((await asked('one', 'two')).output).toContain('password authentication failed');
    });

    it('has each answer by its own name, on 5432', async () => {
      expect((await asked('one', 'one')).output).toBe('one|5432');
      expect((await asked('two', 'two')).output).toBe('two|5432');
    });
  },
);

/** BuildKit is in command lines before 23, and in the buildx plugin since. */
function hasBuildKit(): boolean {
  const major = Number(
    execFileSync('docker', ['version', '--format', '{{.Client.Version}}'], { encoding: 'utf8' }).split(
      '.',
    )[0],
  );
  if (major < 23) return true;
  try {
    execFileSync('docker', ['buildx', 'version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describeWith(firstMissing('docker', 'redis'), 'an image that is built with a secret', () => {
  let folder: Folder;
  const TAG = 'greenroom-test-secret:latest';
  beforeAll(async () => {
    await buildDebianImages('redis');
    folder = await temporaryFolder();
    await writeFile(join(folder.path, 'token'), 'hush ');
    await writeFile(join(folder.path, '.env'), 'GREENROOM_TEST_DOTENV=hidden\n');
    await writeFile(
      join(folder.path, 'Dockerfile'),
      "FROM debian-redis:local\nRUN --mount=type=secret,id=tok,target=/tok --mount=type=secret,id=var,target=/var-tok busybox sh -c 'busybox cat /tok /var-tok | busybox sha256sum >/sum'\n",
    );
  });
  afterAll(() => folder?.remove());

  it('has seen it and doesn’t hold it; without BuildKit the build fails and says so', async () => {
    const outcome = await dockerBuild({
      endpoint: engineEndpoint(),
      context: folder.path,
      tag: TAG,
      labels: {},
      options: {
        ...NO_BUILD_OPTIONS,
        secrets: [
          { id: 'tok', from: { file: join(folder.path, 'token') } },
          {
            id: 'var',
            from: { variable: 'GREENROOM_TEST_DOTENV', envFiles: [join(folder.path, '.env')] },
          },
        ],
      },
    });
    if (!hasBuildKit()) {
      expect(JSON.stringify(outcome)).toContain('buildx component is missing');
      return;
    }
    expect(outcome).toEqual({ ok: true });
    const sum = await dockerCli('run', '--rm', TAG, 'busybox', 'cat', '/sum');
    expect(sum).toContain(createHash('sha256').update('hush hidden').digest('hex'));
    expect((await dockerTry('run', '--rm', TAG, 'busybox', 'grep', 'hush', '/tok')).code).not.toBe(0);
    expect(await dockerCli('history', '--no-trunc', TAG)).not.toMatch(/hush|hidden/);
    await dockerCli('rmi', TAG);
  });
});
