import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { dockerBuild } from '../../mesh/runtimes/docker/docker-build.ts';
import { engineEndpoint } from '../../mesh/runtimes/docker/endpoint.ts';
import { NO_BUILD_OPTIONS } from '../support/build-options.ts';
import { BOX, buildBox } from '../support/docker-box.ts';
import { removeImage } from '../support/docker-images.ts';
import { type Folder, temporaryFolder } from '../support/greenroom.ts';
import { describeWith, firstMissing } from '../support/requires.ts';

const TAG = `greenroom-test-arguments:${process.pid}`;
const HUSH = `http://me:hush-${process.pid}@proxy.invalid:3128`;
const TOKEN = `token-${process.pid}`;

/** The words of every process that can be seen. */
function everybodysWords(): string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    try {
      return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')];
    } catch {
      return [];
    }
  });
}

describeWith('docker', 'a build with an argument that programs of this machine read', () => {
  let folder: Folder;

  beforeAll(async () => {
    await buildBox();
    folder = await temporaryFolder();
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await folder?.remove();
    await removeImage(TAG).catch(() => undefined);
  });

  it('gets it, and what docker calls here doesn’t', async () => {
    const path = (name: string): string => join(folder.path, name);
    const helper = `#!/bin/bash\ncat >/dev/null\necho asked >> ${path('asked')}\necho '{}'\n`;
    await writeFile(path('docker-credential-noted'), helper, { mode: 0o755 });
    await writeFile(path('config.json'), '{"credsStore":"noted"}');
    await writeFile(path('commands.sh'), `echo obeyed >> ${path('obeyed')}\n`);
    const dockerfile = `FROM ${BOX}\nARG BASH_ENV\nRUN ["busybox", "sh", "-c", "echo got: $BASH_ENV"]\n`;
    await mkdir(path('context'));
    await writeFile(path('context/Dockerfile'), dockerfile);
    vi.stubEnv('PATH', `${folder.path}:${process.env['PATH']}`);
    vi.stubEnv('DOCKER_CONFIG', folder.path);
    const lines: string[] = [];
    const outcome = await dockerBuild({
      endpoint: engineEndpoint(),
      context: path('context'),
      tag: TAG,
      labels: {},
      onLine: (line) => lines.push(line),
      options: { ...NO_BUILD_OPTIONS, arguments: { BASH_ENV: path('commands.sh') } },
    });
    expect(outcome).toEqual({ ok: true });
    expect(lines.join('\n')).toContain(`got: ${path('commands.sh')}`);
    expect(existsSync(path('asked')), 'bash has run').toBe(true);
    expect(existsSync(path('obeyed'))).toBe(false);
  });
});

describeWith(firstMissing('docker', 'compose'), 'a build with a secret of a variable in an env file', () => {
  let folder: Folder;

  beforeAll(async () => {
    folder = await temporaryFolder({ Dockerfile: 'FROM scratch\nLABEL a=b\n' });
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await folder?.remove();
    await removeImage(TAG).catch(() => undefined);
  });

  it('sets no variable by the name that it has there', async () => {
    const path = (name: string): string => join(folder.path, name);
    const docker = execFileSync('which', ['docker'], { encoding: 'utf8' }).trim();
    const wrapper = `#!/bin/bash\necho "$1" >> ${path('words')}\nexec ${docker} "$@"\n`;
    await writeFile(path('docker'), wrapper, { mode: 0o755 });
    await writeFile(path('commands.sh'), `echo obeyed >> ${path('obeyed')}\n`);
    await writeFile(path('.env'), `BASH_ENV=${path('commands.sh')}\n`);
    vi.stubEnv('PATH', `${folder.path}:${process.env['PATH']}`);
    await dockerBuild({
      endpoint: engineEndpoint(),
      context: folder.path,
      tag: TAG,
      labels: {},
      options: {
        ...NO_BUILD_OPTIONS,
        secrets: [{ id: 's', from: { variable: 'BASH_ENV', envFiles: [path('.env')] } }],
      },
    });
    expect(readFileSync(path('words'), 'utf8'), 'bash has run').toContain('build\n');
    expect(existsSync(path('obeyed'))).toBe(false);
  });
});

describeWith('docker', 'a build that goes through a proxy with a password', () => {
  let folder: Folder;

  beforeAll(async () => {
    await buildBox();
    folder = await temporaryFolder();
  });
  afterAll(async () => {
    await folder?.remove();
    await removeImage(TAG).catch(() => undefined);
  });

  it('gets it and a token, and nobody reads either in the list of processes', async () => {
    await writeFile(
      join(folder.path, 'Dockerfile'),
      `FROM ${BOX}\nARG NPM_TOKEN\nRUN ["busybox", "sh", "-c", "echo proxy: $HTTP_PROXY, arg: $HTTPS_PROXY, $NPM_TOKEN"]\n`,
    );
    const lines: string[] = [];
    let seen: string[] = [];
    const outcome = await dockerBuild({
      endpoint: engineEndpoint(),
      context: folder.path,
      tag: TAG,
      labels: {},
      onLine: (line) => {
        if (lines.push(line) === 1) seen = everybodysWords();
      },
      options: {
        ...NO_BUILD_OPTIONS,
        arguments: { HTTP_PROXY: HUSH, HTTPS_PROXY: 'http://proxy.invalid:3128', NPM_TOKEN: TOKEN },
      },
    });
    expect(outcome).toEqual({ ok: true });
    expect(lines.join('\n')).toContain(`proxy: ${HUSH}, arg: http://proxy.invalid:3128, ${TOKEN}`);
    expect(
      seen.some((words) => words.includes(TAG)),
      'docker build is among them',
    ).toBe(true);
    expect(seen.filter((words) => words.includes(HUSH) || words.includes(TOKEN))).toEqual([]);
  });
});
