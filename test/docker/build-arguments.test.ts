import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dockerBuild } from '../../mesh/runtimes/docker/docker-build.ts';
import { engineEndpoint } from '../../mesh/runtimes/docker/endpoint.ts';
import { NO_BUILD_OPTIONS } from '../support/build-options.ts';
import { BOX, buildBox } from '../support/docker-box.ts';
import { removeImage } from '../support/docker-images.ts';
import { type Folder, temporaryFolder } from '../support/greenroom.ts';
import { describeWith } from '../support/requires.ts';

const TAG = `greenroom-test-arguments:${process.pid}`;
const HUSH = `http://me:hush-${process.pid}@proxy.invalid:3128`;

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

  it('gets it, and nobody reads it in the list of processes', async () => {
    await writeFile(
      join(folder.path, 'Dockerfile'),
      `FROM ${BOX}\nRUN ["busybox", "sh", "-c", "echo proxy: $HTTP_PROXY, arg: $HTTPS_PROXY"]\n`,
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
        arguments: { HTTP_PROXY: HUSH, HTTPS_PROXY: 'http://proxy.invalid:3128' },
      },
    });
    expect(outcome).toEqual({ ok: true });
    expect(lines.join('\n')).toContain(`proxy: ${HUSH}, arg: http://proxy.invalid:3128`);
    expect(
      seen.some((words) => words.includes(TAG)),
      'docker build is among them',
    ).toBe(true);
    expect(seen.filter((words) => words.includes(HUSH))).toEqual([]);
  });
});
