/** Projects on disk: whatever is missing, unreadable or odd is a problem with a place. */
import { chmod, mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadProject } from '../../mesh/load-project.ts';
import { formatProblem, type Problem } from '../../model/problem.ts';

const PROJECT = `apiVersion: greenroom.dev/v1
kind: Mesh
metadata: { name: shop }
spec:
  namespace: shop
  services:
    web: { command: [node, web.js], ports: [{ name: http, port: 80 }] }
  policies: [./policies]
  scenarios: [./scenarios]
`;
const POLICY = (name: string): string =>
  `apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: { name: ${name} }\n`;

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'greenroom-load-'));
  await write('greenroom.yaml', PROJECT);
  await write('policies/a.yaml', POLICY('a'));
  await write('scenarios/one.scenario.yaml', 'not read here');
});
afterEach(async () => await rm(root, { recursive: true, force: true }));

async function write(file: string, text: string | Uint8Array): Promise<void> {
  await mkdir(dirname(join(root, file)), { recursive: true });
  await writeFile(join(root, file), text);
}
/** Problems without the folder's own name. */
const lines = (problems: readonly Problem[]): string[] =>
  problems.map((problem) => formatProblem(problem).replaceAll(`${root}/`, ''));
const problems = async (): Promise<string[]> => lines((await loadProject(root)).problems);

describe("a project that can't be loaded", () => {
  it('says how to begin one where there is none', async () => {
    await rm(join(root, 'greenroom.yaml'));
    expect(await loadProject(root)).toMatchObject({
      value: null,
      problems: [{ code: 'no-project', hint: expect.stringContaining('greenroom init') }],
    });
    expect(await loadProject(join(root, 'nowhere'))).toMatchObject({
      value: null,
      problems: [{ message: expect.stringContaining('does not exist') }],
    });
    // `init` takes a folder: it would make one called `nowhere.yaml`.
    expect(await loadProject(join(root, 'nowhere.yaml'))).toMatchObject({
      problems: [{ hint: `greenroom init ${root} writes one` }],
    });
  });

  it('names the project above a folder that holds none', async () => {
    await mkdir(join(root, 'policies', 'more'), { recursive: true });
    expect(await loadProject(join(root, 'policies', 'more'))).toMatchObject({
      value: null,
      problems: [{ code: 'no-project', hint: `the project above it is ${root}` }],
    });
  });

  it("names a folder that isn't there, at its entry", async () => {
    await write('greenroom.yaml', PROJECT.replace('./policies', './polices'));
    expect(await problems()).toEqual([
      'greenroom.yaml:8:14: error missing-path: ./polices: no such file or folder',
    ]);
  });

  it('collects what is wrong in every file', async () => {
    await write('policies/b.yaml', POLICY('B'));
    await write('policies/deep/c.yml', 'a:\n\tb: 1\n');
    await write(
      'policies/d.json',
      '{"apiVersion": "security.istio.io/v1", "kind": "PeerAuthentication", "metadata": {"name": "a"}}',
    );
    expect(
      (await problems()).map(
        (line) => line.split(': ')[0] + line.replace(/^[^ ]+ (\w+) ([\w-]+):.*$/s, ' $2'),
      ),
    ).toEqual([
      'policies/b.yaml:3:13 invalid-value',
      'policies/deep/c.yml:2:1 yaml-syntax',
      'policies/d.json:1:1 duplicate-policy',
    ]);
  });

  it('refuses to ignore a kind that is enforced', async () => {
    await write('greenroom.yaml', `${PROJECT}  ignore: [EnvoyFilter, PeerAuthentication]\n`);
    expect(await problems()).toEqual([
      "greenroom.yaml:10:25: error invalid-value: PeerAuthentication is enforced and can't be ignored\n  hint: leave its files out of spec.policies instead",
    ]);
  });

  it('refuses bytes that are no UTF-8, and 10 MB', async () => {
    await write('policies/latin.yaml', Uint8Array.from([0x61, 0xe9, 0x3a]));
    await write('policies/large.yaml', '');
    await truncate(join(root, 'policies/large.yaml'), 10 * 1024 * 1024);
    expect(await problems()).toEqual([
      'policies/large.yaml:1:1: error file-too-large: the file has 10.0 MB; 10 MB is the limit',
      'policies/latin.yaml:1:1: error not-utf8: the file is not UTF-8 text\n  hint: save it as UTF-8',
    ]);
  });

  it("says of a link that leads nowhere that its policy can't be read", async () => {
    await symlink(join(root, 'gone.yaml'), join(root, 'policies/link.yaml'));
    expect(await problems()).toEqual([
      "policies/link.yaml:1:1: error unreadable-file: the file can't be read: it does not exist",
    ]);
  });

  it('says of a file that may not be read why', async () => {
    await chmod(join(root, 'policies/a.yaml'), 0);
    // Root may read everything; then the file is simply read.
    const unreadable =
      "policies/a.yaml:1:1: error unreadable-file: the file can't be read: permission denied";
    expect(await problems()).toEqual(process.getuid?.() === 0 ? [] : [unreadable]);
  });

  it('refuses a kustomization among the policies', async () => {
    await write('policies/kustomization.yaml', 'resources: [a.yaml]\n');
    expect((await problems())[0]).toContain('policies/kustomization.yaml:1:1: error needs-rendering');
  });
});

describe('a project', () => {
  it('is found by its folder and by its file, with its files sorted and each once', async () => {
    await write(
      'greenroom.yaml',
      PROJECT.replace('[./policies]', '[./policies/z, ./policies, ./policies/a.yaml]'),
    );
    await write('policies/z/z.yaml', POLICY('z'));
    await write('policies/.git/hidden.yaml', 'a:\n\tb');
    await write('policies/node_modules/x.yaml', 'a:\n\tb');
    await write('policies/notes.md', '# no policy');
    const byFolder = await loadProject(root);
    expect(byFolder.problems).toEqual([]);
    expect(byFolder.value).toMatchObject({
      root,
      policyFiles: [join(root, 'policies/a.yaml'), join(root, 'policies/z/z.yaml')],
      policyFolders: [join(root, 'policies'), join(root, 'policies/z')],
      scenarioFiles: [join(root, 'scenarios/one.scenario.yaml')],
    });
    expect(await loadProject(join(root, 'greenroom.yaml'))).toEqual(byFolder);
  });

  it('sums up what stayed out, over all files, in one notice', async () => {
    await write(
      'policies/app.yaml',
      'apiVersion: apps/v1\nkind: Deployment\n---\napiVersion: v1\nkind: Service\n',
    );
    await write('policies/more.yaml', 'apiVersion: v1\nkind: Service\n');
    const { value, problems: found } = await loadProject(root);
    expect(value?.policies).toHaveLength(1);
    expect(lines(found)).toEqual([
      "policies/app.yaml:1:1: notice left-out: 3 objects can't change a verdict and stayed out: Deployment, Service ×2",
    ]);
  });

  it("reads an editor's unsaved text in place of a file", async () => {
    const overrides = new Map([[join(root, 'policies/a.yaml'), POLICY('Bad_Name')]]);
    expect((await loadProject(root, { overrides })).problems).toMatchObject([{ code: 'invalid-value' }]);
    expect((await loadProject(root)).problems).toEqual([]);
  });

  it('warns of an entry that holds nothing', async () => {
    await rm(join(root, 'scenarios/one.scenario.yaml'));
    expect(await problems()).toEqual([
      'greenroom.yaml:9:15: warning empty-folder: ./scenarios holds no files *.scenario.yaml',
    ]);
  });
});
