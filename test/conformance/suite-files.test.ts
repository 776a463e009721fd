/** What `npm run conformance` makes of the paths that it is given. */
import { spawn } from 'node:child_process';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Folder, type Ran, repository, temporaryFolder } from '../support/greenroom.ts';
import { authorization } from '../support/policies.ts';

const suites = fileURLToPath(new URL('./suites/', import.meta.url));

let folder: Folder;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

const inFolder = (name: string): string => join(folder.path, name);

async function conformance(...paths: string[]): Promise<Ran> {
  const child = spawn(process.execPath, [join(repository, 'test/conformance/main.ts'), ...paths]);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  return await new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

describe('a folder', () => {
  it('means all of its suites, JSON and YAML, by name; what is none is named', async () => {
    await mkdir(inFolder('more'));
    await cp(join(suites, 'tls-without-sni.json'), inFolder('b.json'));
    const other = readFileSync(join(suites, 'operation-of-an-unknown-host.json'), 'utf8');
    await writeFile(inFolder('more/a.yaml'), stringify(JSON.parse(other)));
    await writeFile(inFolder('policies.yaml'), authorization('{}') + authorization('{}', 'second'));
    await writeFile(inFolder('c.json'), '{"kind":"ValidationSuite"}');
    const both = await conformance(inFolder('b.json'), inFolder('more/a.yaml'));
    expect(both.stdout).toMatch(/^[1-9]\d* cases, [1-9]\d* agree, 0 differ\n$/);
    expect(await conformance(folder.path)).toEqual({
      ...both,
      stderr: [
        `left out ${inFolder('c.json')}: ValidationSuite can't be played`,
        `left out ${inFolder('policies.yaml')}: AuthorizationPolicy can't be played`,
        '',
      ].join('\n'),
    });
  });

  it('without a suite is an error', async () => {
    await writeFile(inFolder('policies.yaml'), authorization('{}'));
    expect(await conformance(folder.path)).toEqual({
      code: 2,
      stdout: '',
      stderr: `error no-suite: ${folder.path} holds no suite\n  hint: a suite is a *.json, *.yaml or *.yml file of kind DecisionSuite or RouteSuite\n`,
    });
  });

  it('with a file that can’t be read as what it is plays nothing', async () => {
    await cp(join(suites, 'tls-without-sni.json'), inFolder('a.json'));
    await writeFile(inFolder('b.json'), '{\n  "kind": "RouteSuite",\n  "spec": [\n}');
    const { code, stdout, stderr } = await conformance(folder.path);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr.split('\n')[0]).toMatch(/b\.json:4:\d+: error yaml-syntax: /);
  });
});

describe('a path', () => {
  it('that leads nowhere is an error', async () => {
    expect(await conformance(inFolder('none'))).toEqual({
      code: 2,
      stdout: '',
      stderr: `error missing-path: ${inFolder('none')}: no such file or folder\n  hint: name a suite, or a folder that holds some\n`,
    });
  });

  it('of a file that is no suite is an error, before anything is played', async () => {
    await cp(join(suites, 'tls-without-sni.json'), inFolder('a.json'));
    await writeFile(inFolder('b.json'), '{"kind":"ValidationSuite"}');
    expect(await conformance(inFolder('a.json'), inFolder('b.json'))).toEqual({
      code: 2,
      stdout: '',
      stderr: `${inFolder('b.json')}:1:1: error no-suite: ValidationSuite can't be played\n  hint: a suite is a *.json, *.yaml or *.yml file of kind DecisionSuite or RouteSuite\n`,
    });
  });
});
