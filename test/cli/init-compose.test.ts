import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadProject } from '../../mesh/load-project.ts';
import { type Folder, greenroom, temporaryFolder } from '../support/greenroom.ts';
import { describeWith } from '../support/requires.ts';

const COMPOSE = `services:
  web:
    image: nginx:1
    ports: ["8080:80"]
    privileged: true
  my_api:
    build: ./api
    environment: { DATABASE_URL: "postgres://u:p@db/x" }
  db: { image: "acme/database" }
`;

describeWith('compose', 'greenroom init beside a Compose file', () => {
  let folder: Folder;
  beforeEach(async () => {
    folder = await temporaryFolder();
    await mkdir(join(folder.path, 'api'));
    await writeFile(join(folder.path, 'api', 'Dockerfile'), 'FROM scratch\nEXPOSE 8000\n');
  });
  afterEach(() => folder.remove());
  const file = (name: string) => join(folder.path, name);

  it('overwrites nothing', async () => {
    await writeFile(file('compose.yaml'), COMPOSE);
    await writeFile(file('greenroom.yaml'), 'mine');
    const { code, stderr } = await greenroom(['init'], { cwd: folder.path });
    expect(code).toBe(2);
    expect(stderr).toContain('error would-overwrite: greenroom.yaml exists, and nothing is overwritten');
    expect(await readFile(file('greenroom.yaml'), 'utf8')).toBe('mine');
  });

  it('writes nothing where Compose refuses its file, and says where', async () => {
    await writeFile(file('docker-compose.yml'), 'services:\n  web:\n    imagine: x\n');
    const { code, stderr } = await greenroom(['init'], { cwd: folder.path });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^docker-compose.yml:\d+:\d+: error compose-refused: .*imagine/);
    await expect(readFile(file('greenroom.yaml'))).rejects.toThrow('ENOENT');
  });

  it('says what is missing where there is no plugin', async () => {
    await writeFile(file('compose.yaml'), COMPOSE);
    const { code, stderr } = await greenroom(['init'], { cwd: folder.path, env: { PATH: '/nonexistent' } });
    expect(code).toBe(3);
    expect(stderr).toContain("error no-compose: Compose files are read by docker's compose plugin");
  });

  it('writes a project that is valid as it is, says what it guessed and what is lost', async () => {
    await writeFile(file('compose.yaml'), COMPOSE);
    await writeFile(file('compose.override.yaml'), 'services: { web: { tty: true } }\n');
    const { code, stdout, stderr } = await greenroom(['init'], { cwd: folder.path });
    expect(code).toBe(0);
    expect(stderr.split('\n').filter((line) => line.includes('compose-lost'))).toEqual([
      'compose.yaml:5:5: warning compose-lost: web: privileged has no effect: a privileged container could undo its containment',
      'compose.override.yaml:1:20: warning compose-lost: web: tty has no effect: the output is followed as lines, there is no terminal',
    ]);
    expect(
      stdout,
    ).toBe(`wrote greenroom.yaml, from compose.yaml and compose.override.yaml; guessed, each with its reason (edit what is wrong):
  db: account db; tcp-postgres 5432 (what my_api is told)
  my-api: account my-api; http 8000 (EXPOSE of its Dockerfile)
  web: account web; http 80 (the Compose file)
next: greenroom up   (the services, each with a sidecar)
`);
    const checked = await greenroom(['check'], { cwd: folder.path });
    expect(checked.code).toBe(0);
    expect(checked.stdout + checked.stderr).not.toContain('protocol-undeclared');
    const again = await greenroom(['init'], { cwd: folder.path });
    expect(again.code).toBe(2);
  });

  it.each(['2024', 'null'])('writes what it reads itself, in a folder called %s too', async (name) => {
    const cwd = join(folder.path, name);
    await mkdir(cwd);
    await writeFile(join(cwd, 'compose.yaml'), 'services: { web: { image: "nginx:1" } }\n');
    const { code } = await greenroom(['init'], { cwd });
    expect(code).toBe(0);
    const { value: mesh, problems } = await loadProject(cwd);
    expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(mesh).toMatchObject({ name, workloads: [{ namespace: name }] });
  });

  it('takes the policies that are there', async () => {
    await writeFile(file('compose.yaml'), COMPOSE);
    await mkdir(file('policies'));
    await writeFile(
      file('policies/deny.yaml'),
      'apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: { name: deny }\nspec: {}\n',
    );
    await greenroom(['init'], { cwd: folder.path });
    expect(await readFile(file('greenroom.yaml'), 'utf8')).toContain('\n  policies: [./policies]\n');
    const { stdout } = await greenroom(['check'], { cwd: folder.path });
    expect(stdout).not.toContain('no-default-deny');
  });
});
