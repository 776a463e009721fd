/** Edits of policy files beside a running `greenroom up` whose services come from Compose files. */
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Folder, temporaryFolder } from '../support/greenroom.ts';
import { greenroomUp, type RunningUp } from '../support/greenroom-up.ts';
import { ordersProject } from '../support/orders-project.ts';
import { eventually } from '../support/patience.ts';
import { authorization } from '../support/policies.ts';
import { describeWith } from '../support/requires.ts';

const PROJECT = ordersProject('  compose: compose.yaml\n  policies: [./policies]\n');
const COMPOSE = 'services:\n  orders:\n    image: unused\n    privileged: true\n';

describeWith('compose', 'an edit of a policy beside services of Compose', () => {
  let folder: Folder;
  let up: RunningUp;
  const path = (name: string): string => join(folder.path, name);
  const edit = async (spec: string): Promise<void> =>
    await writeFile(path('policies/one.yaml'), authorization(spec, 'one'));
  const countOf = (pattern: RegExp): number => [...up.said().matchAll(pattern)].length;
  const said = async (pattern: RegExp, times: number): Promise<void> =>
    void (await eventually(`${times} times ${String(pattern)}`, () => countOf(pattern) === times));
  const plugins = async (): Promise<number> =>
    (await readFile(path('runs'), 'utf8')).split('\n').filter((line) => line.includes(' config ')).length;

  beforeAll(async () => {
    folder = await temporaryFolder({ 'greenroom.yaml': PROJECT, 'compose.yaml': COMPOSE });
    for (const name of ['policies', 'bin']) await mkdir(path(name));
    // The real one, and a line for each time that it is asked.
    const docker = execFileSync('which', ['docker'], { encoding: 'utf8' }).trim();
    await writeFile(path('bin/docker'), `#!/bin/sh\necho "$*" >> ${path('runs')}\nexec ${docker} "$@"\n`);
    await chmod(path('bin/docker'), 0o755);
    await edit('{}');
    const PATH = `${path('bin')}:${process.env['PATH']}`;
    up = await greenroomUp(folder.path, { PATH }, '--runtime', 'process');
  }, 60_000);
  afterAll(async () => {
    await up?.interrupt();
    await folder.remove();
  });

  it('is told without another run of the plugin, until a file that it reads was edited', async () => {
    const atStart = await plugins();
    expect(atStart).toBeGreaterThan(0);
    await edit('{ rulez: [] }');
    await said(/error unknown-key/g, 1);
    await edit('{ rules: [{}] }');
    await said(/\nin force now /g, 1);
    expect(await plugins()).toBe(atStart);

    await writeFile(path('.env'), 'NAME=value\n');
    await edit('{ action: DENY, rules: [{}] }');
    await said(/\nin force now /g, 2);
    expect(await plugins()).toBe(atStart + 1);
    await edit('{ rules: [{}] }');
    await said(/\nin force now /g, 3);
    expect(await plugins()).toBe(atStart + 1);
  });

  it('tells what is lost of the Compose files at the start, and again where it is another', async () => {
    const told = /compose\.yaml:4:5: warning compose-lost: orders: privileged/g;
    expect(countOf(told)).toBe(1);
    for (const [times, wrong] of ['rulez', 'ruels', 'ruel'].entries()) {
      const valid = countOf(/\nin force now /g);
      const refused = countOf(/stay in force\n/g);
      await edit(`{ ${wrong}: [] }`);
      await said(/stay in force\n/g, refused + 1);
      await edit(times % 2 === 0 ? '{ rules: [] }' : '{ rules: [{}] }');
      await said(/\nin force now /g, valid + 1);
    }
    expect(countOf(told)).toBe(1);
    await writeFile(path('compose.yaml'), `${COMPOSE}    tty: true\n`);
    await edit('{ rulez: [] }');
    await said(/warning compose-lost: orders: tty/g, 1);
  });
});
