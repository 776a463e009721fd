/** `greenroom check` and `greenroom init`: what is written passes, what is wrong is named. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkPath, checkProject } from '../../cli/check.ts';
import { FilesError } from '../../cli/exit-codes.ts';
import { writeStarterProject } from '../../cli/init.ts';
import { formatProblem } from '../../model/problem.ts';
import { keySetText, signer } from '../support/tokens.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'greenroom-check-'));
});
afterEach(async () => await rm(root, { recursive: true, force: true }));

async function edit(file: string, from: string, to: string): Promise<void> {
  const path = join(root, file);
  const text = await readFile(path, 'utf8');
  expect(text).toContain(from);
  await writeFile(path, text.replace(from, to));
}
const check = async (): Promise<string[]> =>
  (await checkProject(root)).problems.map((problem) => formatProblem(problem).replaceAll(`${root}/`, ''));

describe('init', () => {
  it("overwrites nothing, and writes nothing when it can't write all", async () => {
    await writeFile(join(root, 'greenroom.yaml'), 'mine');
    await expect(writeStarterProject(root)).rejects.toThrow(FilesError);
    expect(await readFile(join(root, 'greenroom.yaml'), 'utf8')).toBe('mine');
    await expect(readFile(join(root, 'policies/mesh.yaml'))).rejects.toThrow('ENOENT');
  });

  it('refuses a file in the place of the folder', async () => {
    await writeFile(join(root, 'file'), '');
    await expect(writeStarterProject(join(root, 'file'))).rejects.toThrow('is a file, not a folder');
  });

  it.each([
    ['My Shop!', 'my-shop'],
    ['---', 'mesh'],
    ['été', 't'],
  ])('writes a project that passes check into %j, called %s', async (folder, name) => {
    const written = await writeStarterProject(join(root, folder));
    expect(written.map((file) => file.slice(file.indexOf(folder) + folder.length + 1))).toEqual([
      'greenroom.yaml',
      'policies/mesh.yaml',
      'policies/hello.yaml',
      'scenarios/web-may-greet.scenario.yaml',
      'scenarios/hello-rogue-ca.scenario.yaml',
      'services/hello.mjs',
    ]);
    expect((await checkProject(join(root, folder))).problems).toEqual([]);
    expect(await readFile(join(root, folder, 'greenroom.yaml'), 'utf8')).toContain(`name: ${name} }`);
  });
});

describe('check', () => {
  beforeEach(async () => await writeStarterProject(root).then(() => undefined));

  it('names a misspelt key in a scenario', async () => {
    await edit('scenarios/web-may-greet.scenario.yaml', 'status:', 'statsu:');
    expect(await check()).toEqual([
      'scenarios/web-may-greet.scenario.yaml:8:65: error unknown-key: unknown key "statsu" in steps[0].expect\n  hint: did you mean status?',
    ]);
  });

  it("names services and ports that the mesh hasn't", async () => {
    await edit(
      'scenarios/web-may-greet.scenario.yaml',
      'from: web, to: hello',
      'from: wbe, to: helo, port: 81',
    );
    expect(await check()).toEqual([
      'scenarios/web-may-greet.scenario.yaml:7:24: error unknown-workload: there is no service helo\n  hint: did you mean hello?',
      'scenarios/web-may-greet.scenario.yaml:7:13: error unknown-workload: there is no service wbe\n  hint: did you mean web?',
    ]);
    await edit('scenarios/web-may-greet.scenario.yaml', 'from: wbe, to: helo', 'from: web, to: hello');
    expect(await check()).toEqual([
      'scenarios/web-may-greet.scenario.yaml:7:35: error unknown-port: hello has no service port 81\n  hint: its ports: 80',
    ]);
  });

  it("names services and ports of a fault that the mesh hasn't", async () => {
    await edit(
      'scenarios/web-may-greet.scenario.yaml',
      'steps:',
      'faults: [{ from: web, to: helo, kind: reset }, { from: web, to: hello, port: 81, kind: reset }]\nsteps:',
    );
    expect(await check()).toEqual([
      expect.stringContaining(
        'error unknown-workload: there is no service helo\n  hint: did you mean hello?',
      ),
      expect.stringContaining('error unknown-port: hello has no service port 81\n  hint: its ports: 80'),
    ]);
  });

  it('names a gateway of a scenario that there is not', async () => {
    await edit(
      'scenarios/web-may-greet.scenario.yaml',
      'from: web, to: hello',
      'from: web, gateway: edge, to: hello',
    );
    expect(await check()).toEqual([
      'scenarios/web-may-greet.scenario.yaml:7:24: error unknown-gateway: there is no gateway edge\n  hint: greenroom.yaml declares none under spec.gateways',
    ]);
  });

  it('names two scenarios of one id', async () => {
    await edit('scenarios/web-may-greet.scenario.yaml', 'id: web-may-greet', 'id: hello-rogue-ca');
    expect(await check()).toEqual([
      'scenarios/web-may-greet.scenario.yaml:1:1: error duplicate-scenario: scenario hello-rogue-ca is already written in scenarios/hello-rogue-ca.scenario.yaml',
    ]);
  });

  it('finds in the sample projects what is true of them, and no error', async () => {
    const found = async (sample: string) => {
      const path = fileURLToPath(new URL(`../../scenarios/${sample}`, import.meta.url));
      return (await checkPath(path)).problems.map(({ code, severity }) => `${severity} ${code}`);
    };
    const [shop, hole] = [['warning deny-path-dodge'], ['warning no-default-deny']];
    // It brings no files, so that no key lies in this repository.
    const gateway = ['warning credential-issued', 'warning credential-issued'];
    expect(await found('gateway')).toEqual(gateway);
    expect(await found('shop')).toEqual(shop);
    expect(await found('shop/known-hole')).toEqual(hole);
    expect(await found('')).toEqual([...gateway, ...shop, ...hole]);
  });

  it('names what can be read and not judged, as `up` does', async () => {
    const unjudged = '- when: [{ key: "experimental.envoy.filters.network.mysql_proxy[db.t]", values: [r] }]';
    await edit('policies/hello.yaml', '    - from:', `    ${unjudged}\n      from:`);
    expect((await check()).join('\n')).toMatch(/policies\/hello\.yaml:\d+:\d+: error not-supported-yet/);
  });

  it('says of an empty folder that it holds no project', async () => {
    const empty = join(root, 'services', 'empty');
    await mkdir(empty);
    expect((await checkPath(empty)).problems.map(({ code }) => code)).toEqual(['no-project']);
  });
});

describe('a jwksUri that is a path', () => {
  const policy = `apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { name: tokens }
spec: { jwtRules: [{ issuer: "https://issuer.example", jwksUri: ./keys.json }] }
`;

  it('is an error without keys there, and a warning with them, since Istio refuses it', async () => {
    await writeStarterProject(root);
    await writeFile(join(root, 'policies/tokens.yaml'), policy);
    const codes = async () =>
      (await checkProject(root)).problems.map(({ code, severity }) => `${severity} ${code}`);
    expect(await codes()).toEqual(
      expect.arrayContaining(['error keys-unreachable', 'warning keys-from-a-file']),
    );
    await writeFile(join(root, 'keys.json'), keySetText(signer()));
    expect(await codes()).toContain('warning keys-from-a-file');
    expect(await codes()).not.toContain('error keys-unreachable');
  });
});
