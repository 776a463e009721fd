import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { checkProject } from '../../cli/check.ts';
import { loadProject } from '../../mesh/load-project.ts';
import { variableValues } from '../../mesh/variable-values.ts';
import type { Mesh } from '../../model/mesh.ts';
import { formatProblem } from '../../model/problem.ts';
import { type Folder, temporaryFolder } from '../support/greenroom.ts';
import { describeWith } from '../support/requires.ts';

const PROJECT = 'apiVersion: greenroom.dev/v1\nkind: Mesh\nmetadata: { name: test }\nspec:\n';

describeWith('compose', 'a project with Compose files', () => {
  let folder: Folder;
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(() => folder.remove());

  /** Problems with the temporary folder left out. */
  async function load(
    spec: string,
    files: Readonly<Record<string, string>>,
  ): Promise<{ mesh: Mesh | null; problems: string[] }> {
    for (const [name, text] of Object.entries({ 'greenroom.yaml': PROJECT + spec, ...files })) {
      await mkdir(dirname(join(folder.path, name)), { recursive: true });
      await writeFile(join(folder.path, name), text);
    }
    const { value, problems } = await loadProject(folder.path);
    return {
      mesh: value,
      problems: problems.map((problem) => formatProblem(problem).replaceAll(`${folder.path}/`, '')),
    };
  }
  const run = (mesh: Mesh | null, id: string) => mesh?.workloads.find((workload) => workload.id === id)?.run;

  it("is refused where the file isn't there, at the line that names it", async () => {
    const { mesh, problems } = await load('  compose: ./gone.yaml\n', {});
    expect(mesh).toBeNull();
    expect(problems).toEqual([
      expect.stringMatching(/^greenroom.yaml:5:3: error unreadable-file: gone.yaml: the file can't be read/),
    ]);
  });

  it('tells what a reviewer would ask of its containers, each at its own line, to who checks it only', async () => {
    const { mesh, problems } = await load('  compose: ./compose.yaml\n', {
      'compose.yaml': [
        'services:',
        '  web:',
        '    image: shop/web',
        '    environment:',
        '      LOG: debug',
        '      API_TOKEN: hush',
        '    volumes:',
        '      - data:/data',
        '      - /etc:/host/etc:ro',
        'volumes: { data: {} }',
        '',
      ].join('\n'),
    });
    expect(mesh?.containerFindings?.map(({ code, at }) => `${code} ${at?.line}`).sort()).toEqual([
      'container-host-path 9',
      'container-image-latest 3',
      'container-secret-in-environment 6',
    ]);
    expect(problems).toEqual([]);
    const { problems: checked } = await checkProject(folder.path);
    expect(checked.map(({ code }) => code)).toEqual(
      expect.arrayContaining(mesh?.containerFindings?.map(({ code }) => code) ?? ['none']),
    );
    expect(JSON.stringify(checked)).not.toContain('hush');
  });

  it('is refused where the file is no YAML, with the line', async () => {
    const { problems } = await load('  compose: compose.yaml\n', { 'compose.yaml': 'services:\n  web: [\n' });
    expect(problems[0]).toMatch(/^compose.yaml:3:1: error yaml-syntax/);
  });

  it('is refused with the plugin’s own words where it refuses, at the service that it names', async () => {
    const { mesh, problems } = await load('  compose: compose.yaml\n', {
      'compose.yaml': 'services:\n  db: { image: x }\n  web:\n    image: x\n    depends_on: [gone]\n',
    });
    expect(mesh).toBeNull();
    expect(problems).toEqual([
      'compose.yaml:3:3: error compose-refused: docker compose refuses this: service "web" depends on undefined service "gone": invalid compose project',
    ]);
  });

  it.each([
    ['of a service', 'services:\n  web:\n    image: x\n    enviroment: { A: b }\n', '4:5', 'environment'],
    [
      'of a part of it',
      'services:\n  web:\n    image: x\n    deploy:\n      replcas: 2\n',
      '5:7',
      'replicas',
    ],
    [
      'of an entry beside the services',
      'services: { web: { image: x } }\nnetworks:\n  a:\n    foo: 1\n',
      '4:5',
      null,
    ],
    ['of the file', 'servcies:\n  web: { image: x }\n', '1:1', 'services'],
  ])('is refused at a key that Compose does not know: %s', async (_whose, text, place, meant) => {
    const { problems } = await load('  compose: compose.yaml\n', { 'compose.yaml': text });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(
      new RegExp(
        `^compose.yaml:${place}: error compose-refused: .* additional properties '\\w+' not allowed`,
      ),
    );
    if (meant !== null) expect(problems[0]).toMatch(new RegExp(`did you mean ${meant}\\?$`));
  });

  it('hands on what the plugin warns of, at the line of the variable or key', async () => {
    const { mesh, problems } = await load('  compose: compose.yaml\n', {
      'compose.yaml':
        'services:\n  web:\n    image: x\n    environment:\n      PAID: "5$$NOPE"\n      KEY: "${NOPE}"\nversion: "3"\n',
    });
    expect(run(mesh, 'web')?.environment).toEqual({ KEY: '', PAID: '5$NOPE' });
    expect(problems.slice(0, 2)).toEqual([
      'compose.yaml:6:7: warning compose-warning: docker compose: The "NOPE" variable is not set. Defaulting to a blank string.',
      expect.stringMatching(
        /^compose.yaml:7:1: warning compose-warning: docker compose: .*`version` is obsolete/,
      ),
    ]);
  });

  it('warns of secrets and configs of a variable that isn’t set, at their lines, before anything starts', async () => {
    vi.stubEnv('GREENROOM_TEST_SET', 'hush');
    const { mesh, problems } = await load('  compose: compose.yaml\n', {
      'compose.yaml': `services:
  web: { image: x, secrets: [given, missing], configs: [missing] }
secrets:
  given: { environment: GREENROOM_TEST_SET }
  missing: { environment: GREENROOM_TEST_UNSET }
configs:
  missing: { environment: GREENROOM_TEST_UNSET }
`,
      '.env': 'GREENROOM_TEST_DOTENV=hush\n',
    });
    vi.unstubAllEnvs();
    expect(mesh).not.toBeNull();
    const warned = problems.filter((line) => line.includes('variable-unset'));
    expect(
      warned.map((line) => line.slice(0, line.indexOf(':', line.indexOf('variable-unset:') + 15))),
    ).toEqual([
      'compose.yaml:5:14: warning variable-unset: secrets.missing is the value of GREENROOM_TEST_UNSET, which is not set',
      'compose.yaml:7:14: warning variable-unset: configs.missing is the value of GREENROOM_TEST_UNSET, which is not set',
    ]);
    expect(problems.join('\n')).not.toContain('hush');
    expect(warned[0]).toContain('hint: export GREENROOM_TEST_UNSET=… before greenroom starts');
  });

  it('has the variables of secrets and configs in its env files, without their values; the including project’s go before', async () => {
    const { mesh, problems } = await load('  compose: compose.yaml\n', {
      'compose.yaml': `include: [sub/own.yaml, { path: far/own.yaml, env_file: far/one.env }]
services:
  web: { image: "x:\${SHARED}", build: { context: ., secrets: [pw] }, secrets: [pw], configs: [cf] }
secrets: { pw: { environment: GREENROOM_TEST_DOTENV } }
configs: { cf: { environment: GREENROOM_TEST_DOTENV } }
`,
      'sub/own.yaml':
        'services: { sub: { image: "x:${SHARED}-${ONLY}", secrets: [sub] } }\nsecrets: { sub: { environment: ONLY } }\n',
      'far/own.yaml':
        'services: { far: { image: "x:${SHARED}-${ONLY}", secrets: [far] } }\nsecrets: { far: { environment: ONLY } }\n',
      '.env': 'GREENROOM_TEST_DOTENV=hush\nSHARED=project\n',
      'sub/.env': 'SHARED=hush\nONLY=sub\n',
      'far/one.env': 'SHARED=hush\nONLY=far\n',
    });
    expect(problems.filter((line) => line.includes('variable'))).toEqual([]);
    expect(JSON.stringify(mesh)).not.toContain('hush');
    const names = ['web', 'sub', 'far'];
    // What the plugin itself has by the same names.
    expect(names.map((id) => run(mesh, id)?.image)).toEqual(['x:project', 'x:project-sub', 'x:project-far']);
    const from = names.flatMap((id) => run(mesh, id)?.container?.files.map((file) => file.from) ?? []);
    const sources = from.flatMap((source) => (source.kind === 'environment' ? [source] : []));
    const shared = sources.map((source) => ({ ...source, variable: 'SHARED' }));
    const values = await variableValues([...sources, ...shared]);
    expect(sources.map((source) => values.get(source))).toEqual(['hush', 'hush', 'sub', 'far']);
    expect(shared.map((source) => values.get(source))).toEqual(['project', 'project', 'project', 'project']);
    expect(run(mesh, 'web')?.build?.options?.secrets).toEqual([
      { id: 'pw', from: { variable: 'GREENROOM_TEST_DOTENV', envFiles: [join(folder.path, '.env')] } },
    ]);
  });

  it('has what the plugin reads: env files, label files, what is extended, included and overridden', async () => {
    const { mesh, problems } = await load('  compose: [compose.yaml, compose.override.yaml]\n', {
      'compose.yaml':
        'include: [more/extra.yaml]\nservices:\n  web:\n    extends: { file: base.yaml, service: base }\n    image: "web:${TAG:-none}"\n    env_file: web.env\n    label_file: web.labels\n    ports: ["80"]\n',
      'compose.override.yaml': 'services:\n  web:\n    environment: { B: override }\n',
      'base.yaml': 'services:\n  base:\n    privileged: true\n    user: "5"\n',
      'more/extra.yaml': 'services:\n  extra:\n    image: extra\n    tty: true\n',
      'web.env': 'A=1\nB=2\nPRICE=5$$\n',
      'web.labels': 'team=a\n',
      '.env': 'TAG=from-dotenv\n',
    });
    expect(run(mesh, 'web')).toMatchObject({
      image: 'web:from-dotenv',
      environment: { A: '1', B: 'override', PRICE: '5$' },
      container: { user: '5', labels: { team: 'a' } },
    });
    expect(run(mesh, 'extra')?.image).toBe('extra');
    expect(problems.filter((problem) => problem.includes('compose-lost'))).toEqual([
      'more/extra.yaml:4:5: warning compose-lost: extra: tty has no effect: the output is followed as lines, there is no terminal',
      'base.yaml:3:5: warning compose-lost: web: privileged has no effect: a privileged container could undo its containment',
    ]);
  });

  it('says every file that the plugin reads, so that an edit of any is noticed', async () => {
    const { mesh, problems } = await load('  compose: [compose.yaml, dev/override.yaml]\n', {
      'compose.yaml':
        'include:\n  - more/extra.yaml\n  - { path: [far/a.yaml, far/sub/b.yaml], env_file: far.env }\n  - { path: lib/c.yaml, project_directory: . }\nservices:\n  web:\n    extends: { file: base/base.yaml, service: base }\n    image: web\n    env_file: [web.env, { path: maybe.env, required: false }]\n    label_file: web.labels\n',
      'dev/override.yaml': 'services:\n  web:\n    env_file: ["dev.env", "${NAME:-web}.env"]\n',
      'base/base.yaml': 'services:\n  base: { env_file: base.env }\n',
      'more/extra.yaml': 'services:\n  extra: { image: extra, env_file: extra.env }\n',
      'far/a.yaml': 'services:\n  a: { image: a, env_file: a.env }\n',
      'far/sub/b.yaml': 'services:\n  a: { env_file: b.env }\n',
      'lib/c.yaml': 'services:\n  c: { image: c, env_file: web.env }\n',
      ...Object.fromEntries(
        ['web.env', 'dev.env', 'base/base.env', 'more/extra.env', 'far.env', 'far/a.env', 'far/b.env'].map(
          (name) => [name, 'A=1\n'],
        ),
      ),
      'web.labels': 'team=a\n',
    });
    expect(problems.filter((problem) => problem.includes('error'))).toEqual([]);
    expect(mesh?.composeFiles?.map((path) => path.replace(`${folder.path}/`, '')).sort()).toEqual(
      [
        '.env',
        'base/base.env',
        'base/base.yaml',
        'compose.yaml',
        'dev.env',
        'dev/override.yaml',
        'far.env',
        'far/a.env',
        'far/a.yaml',
        'far/b.env',
        'far/sub/b.yaml',
        'lib/c.yaml',
        'maybe.env',
        'more/.env',
        'more/extra.env',
        'more/extra.yaml',
        'web.env',
        'web.labels',
      ].sort(),
    );
  });

  it('says the env files that it names itself in the place of .env', async () => {
    const { mesh } = await load('  compose: { files: [compose.yaml], envFiles: [own.env] }\n', {
      'compose.yaml': 'services:\n  web: { image: "${IMAGE}" }\n',
      'own.env': 'IMAGE=x\n',
    });
    expect(mesh?.composeFiles?.map((path) => path.replace(`${folder.path}/`, '')).sort()).toEqual([
      'compose.yaml',
      'own.env',
    ]);
  });

  it('has the env files that COMPOSE_ENV_FILES names in the place of .env, and none where that is disabled', async () => {
    const files = { 'compose.yaml': 'services:\n  web: { image: x }\n', 'own.env': '', '.env': '' };
    const named = async () => (await load('  compose: compose.yaml\n', files)).mesh?.composeFiles;
    vi.stubEnv('COMPOSE_ENV_FILES', join(folder.path, 'own.env'));
    expect(await named()).toContain(join(folder.path, 'own.env'));
    expect(await named()).not.toContain(join(folder.path, '.env'));
    vi.stubEnv('COMPOSE_ENV_FILES', undefined);
    vi.stubEnv('COMPOSE_DISABLE_ENV_FILE', 'true');
    expect(await named()).toEqual([join(folder.path, 'compose.yaml')]);
    vi.unstubAllEnvs();
  });

  it('has services of the profiles that it names, and no others', async () => {
    const compose = {
      'compose.yaml': 'services:\n  web: { image: x }\n  debug: { image: x, profiles: [dev] }\n',
    };
    const plain = await load('  compose: compose.yaml\n', compose);
    expect(plain.mesh?.workloads.map(({ id }) => id)).toEqual(['web']);
    const dev = await load('  compose: { files: [compose.yaml], profiles: [dev] }\n', compose);
    expect(dev.mesh?.workloads.map(({ id }) => id)).toEqual(['debug', 'web']);
  });

  it('refines them: what greenroom.yaml says goes before, field by field', async () => {
    const { mesh } = await load(
      '  compose: compose.yaml\n  services:\n    web:\n      ports: [{ name: http, port: 80, targetPort: 8080 }]\n      serviceAccount: front\n      environment: { B: mine }\n    ide: { attach: "127.0.0.1:3000" }\n    extra: { image: y }\n',
      {
        'compose.yaml':
          'services:\n  web:\n    image: x\n    build: ./web\n    scale: 2\n    ports: ["8080"]\n    environment: { A: "1", B: "2" }\n    command: [serve]\n  ide: { image: x, ports: ["3000"], environment: { C: "3" } }\n',
      },
    );
    const web = mesh?.workloads.find(({ id }) => id === 'web');
    expect(web).toMatchObject({
      serviceAccount: 'front',
      ports: [{ name: 'http', port: 80, targetPort: 8080, protocol: 'http' }],
      instances: [{ id: 'web-0' }, { id: 'web-1' }],
      run: {
        image: 'x',
        command: null,
        environment: { A: '1', B: 'mine' },
        container: { command: ['serve'] },
      },
    });
    expect(web?.run.build).toMatchObject({ context: join(folder.path, 'web'), options: { tags: [] } });
    expect(web?.at.file).toMatch(/compose.yaml$/);
    const ide = mesh?.workloads.find(({ id }) => id === 'ide');
    expect(ide?.ports.map(({ port }) => port)).toEqual([3000]);
    expect(ide?.run).toMatchObject({ attach: '127.0.0.1:3000', image: null, environment: { C: '3' } });
    expect(ide?.run.container).toBeUndefined();
    expect(run(mesh, 'extra')).toMatchObject({ image: 'y' });
  });

  it('leaves a published port to the gateway that listens there, and the others to their services', async () => {
    const { mesh } = await load(
      '  compose: compose.yaml\n  gateways: { edge: { listen: { "80": 8080 } } }\n',
      {
        'compose.yaml': 'services:\n  web: { image: x, ports: ["8080:80", "9090:90"] }\n',
      },
    );
    expect(run(mesh, 'web')?.container?.published).toEqual([{ targetPort: 90, port: 9090 }]);
  });

  it('has a Dockerfile looked for in its context, whoever names it', async () => {
    const { mesh } = await load(
      '  compose: compose.yaml\n  services: { own: { build: { context: ./own, dockerfile: dev/Dockerfile } } }\n',
      {
        'compose.yaml':
          'services:\n  web: { build: { context: ./web, dockerfile: Dockerfile.dev } }\n  far: { build: { context: ./web, dockerfile: /abs/Dockerfile } }\n',
      },
    );
    expect(['own', 'web', 'far'].map((id) => run(mesh, id)?.build?.dockerfile)).toEqual([
      join(folder.path, 'own/dev/Dockerfile'),
      join(folder.path, 'web/Dockerfile.dev'),
      '/abs/Dockerfile',
    ]);
  });
});
