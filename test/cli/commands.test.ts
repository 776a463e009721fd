/** The commands of the README and their exit codes, on the real sample. */
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { greenroom, type Ran, temporaryFolder } from '../support/greenroom.ts';

let folder = '';
let remove: () => Promise<void> = async () => undefined;
beforeEach(async () => {
  ({ path: folder, remove } = await temporaryFolder());
});
afterEach(async () => await remove());

async function project(files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}

describe('exit codes', () => {
  it('an unknown command is refused with 2 and a way to the help', async () => {
    const ran = await greenroom(['rehaerse']);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('greenroom --help');
  });

  it('a folder without a greenroom.yaml is refused with 2 and the hint to init', async () => {
    const ran = await greenroom(['up', folder]);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('greenroom init');
  });

  it('a scenario with a misspelt key is refused with 2 at file:line:column', async () => {
    await project({
      'greenroom.yaml':
        'apiVersion: greenroom.dev/v1\nkind: Mesh\nmetadata: { name: tiny }\nspec:\n  namespace: tiny\n  services:\n    a: { command: [node, a.js], ports: [{ name: http, port: 80 }] }\n  scenarios: [./scenarios]\n',
      'scenarios/bad.scenario.yaml':
        'apiVersion: greenroom.dev/v1\nkind: Scenario\nmetadata: { id: bad }\ninfo: { title: Bad }\nsteps:\n  - http: { from: a, to: a, pahth: / }\n    expect: { status: 200 }\n',
    });
    const ran = await greenroom(['rehearse', folder]);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(/bad\.scenario\.yaml:6:\d+: error unknown-key: .*pahth/);
    expect(ran.stderr).toContain('path');
  });

  it('a docker-only project without an engine exits with 3 and names what is missing', async () => {
    await project({
      'greenroom.yaml':
        'apiVersion: greenroom.dev/v1\nkind: Mesh\nmetadata: { name: tiny }\nspec:\n  namespace: tiny\n  services:\n    a: { image: "a:1", ports: [{ name: http, port: 80 }] }\n',
    });
    const ran = await greenroom(['up', folder], { env: { DOCKER_HOST: 'unix:///nowhere/docker.sock' } });
    expect(ran.code).toBe(3);
    expect(ran.stderr).toContain('no-engine');
    expect(ran.stderr).toMatch(/only Docker can run a, and .*; install and start one/);
    expect(ran.stderr).toMatch(/hint: .*`command:`/);
  });
});

const explain = (line: string): Promise<Ran> => greenroom(['explain', 'scenarios/shop', ...line.split(' ')]);

describe('explain', () => {
  it('names the decision, the trail and the nearest rule of a denial', async () => {
    const ran = await explain('--from inventory --to payments --path /charge --method POST');
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain('denied');
    expect(ran.stdout).toMatch(/nearest rule: ALLOW billing\/[a-z-]+\[\d+\] {2}\S+payments\.yaml:\d+/);
    expect(ran.stdout).toMatch(/✕ .*principals.*sa\/orders/);
  });

  it('refuses a workload that the mesh does not have, naming those that it has', async () => {
    const ran = await explain('--from nobody --to payments');
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('inventory');
  });

  it('refuses a port that the workload does not have with 2, naming those that it has', async () => {
    const ran = await explain('--from inventory --to payments --port 9');
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(/payments has no port 9\n {2}hint: there are: \d+/);
  });

  it('takes a workload by its namespace and name as well', async () => {
    const ran = await explain('--from shop/inventory --to billing/payments');
    expect(ran).toMatchObject({ code: 0, stdout: expect.stringContaining('denied') });
    const other = await explain('--from shop/web --to shop/payments');
    expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining('billing/payments') });
  });

  it('speaks of the port where it carries bytes, not of a request', async () => {
    const db = 'db: { command: [node, b.js], ports: [{ name: tcp-db, port: 5432, targetPort: 5433 }] }';
    await project({
      'greenroom.yaml': `apiVersion: greenroom.dev/v1\nkind: Mesh\nmetadata: { name: a }\nspec: { services: { web: { command: [node, a.js] }, ${db} } }\n`,
    });
    const { code, stdout } = await greenroom(['explain', folder, '--from', 'web', '--to', 'db']);
    expect(code).toBe(0);
    expect(stdout.split('\n')[0]).toMatch(/web → db {2}TCP, port 5433$/);
    expect(stdout).not.toContain('GET');
  });

  it('prints JSON on request', async () => {
    const ran = await explain('--from orders --to payments --path /charge --method POST --format json');
    expect(JSON.parse(ran.stdout)).toMatchObject({ decision: { verdict: 'allow' } });
  });
});

describe('export', () => {
  it('writes documents that all have apiVersion, kind, name and namespace, the same on a second run', async () => {
    const read = async (out: string): Promise<Record<string, string>> => {
      const entries = await readdir(join(folder, out), { recursive: true, withFileTypes: true });
      const files = entries
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .toSorted();
      return Object.fromEntries(
        await Promise.all(
          files.map(
            async (file) => [file.slice(join(folder, out).length), await readFile(file, 'utf8')] as const,
          ),
        ),
      );
    };
    for (const out of ['one', 'two'])
      expect(
        (await greenroom(['export', 'scenarios/shop', '--target', 'istio', '--out', join(folder, out)])).code,
      ).toBe(0);
    const one = await read('one');
    expect(one).toEqual(await read('two'));
    expect(Object.keys(one)).toContain('/kustomization.yaml');
    const bare = Object.entries(one)
      .filter(([file]) => !file.endsWith('istiod-values.yaml'))
      .flatMap(([file, text]) =>
        parseAllDocuments(text).map((document) => ({
          file,
          errors: document.errors.length,
          value: document.toJS() as Record<string, never>,
        })),
      )
      .filter(
        ({ errors, value }) =>
          errors > 0 ||
          !value['apiVersion'] ||
          !value['kind'] ||
          !value['metadata']?.['name'] ||
          (value['kind'] !== 'Namespace' && !value['metadata']?.['namespace']),
      );
    expect(bare).toEqual([]);
  });

  it('carries Gateways as they are written, and leaves what serves them to Istio’s chart', async () => {
    const out = join(folder, 'gateway');
    const ran = await greenroom(['export', 'scenarios/gateway', '--target', 'istio', '--out', out]);
    expect(ran.code).toBe(0);
    const source = new URL('../../scenarios/gateway/policies/gateway.yaml', import.meta.url);
    expect(await readFile(join(out, 'policies', 'gateway.yaml'), 'utf8')).toBe(
      await readFile(source, 'utf8'),
    );
    const files = (await readdir(out, { recursive: true })).map(String);
    expect(files.filter((file) => file.includes('ingressgateway'))).toEqual([]);
    expect(ran.stderr).toContain('helm upgrade -i istio-ingressgateway istio/gateway -n istio-system');
  });
});

describe('check', () => {
  it('finds nothing wrong with the sample', async () => {
    const ran = await greenroom(['check', 'scenarios/shop']);
    expect(ran.stdout).toMatch(/^0 errors/m);
    expect(ran.code).toBe(0);
  });

  it('init writes a project that passes check, and refuses to write over it', async () => {
    expect((await greenroom(['init', folder])).code).toBe(0);
    expect((await greenroom(['check', folder])).stdout).toMatch(/^0 errors/m);
    const again = await greenroom(['init', folder]);
    expect(again.code).not.toBe(0);
  });
});

describe('rehearse', () => {
  it('passes the sample and writes the reports', async () => {
    const junit = join(folder, 'junit.xml');
    const ran = await greenroom([
      'rehearse',
      'scenarios/shop',
      '--report',
      `junit=${junit}`,
      '--report',
      `json=${join(folder, 'r.json')}`,
    ]);
    expect(ran.stdout + ran.stderr).toMatch(/^\d+ passed, 0 failed, 0 errored, 0 skipped$/m);
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain('istio-allows');
    expect(ran.stdout).toContain('remedy:');
    expect(await readFile(junit, 'utf8')).toMatch(/^<\?xml/);
    expect(JSON.parse(await readFile(join(folder, 'r.json'), 'utf8'))).toMatchObject({
      kind: 'RehearsalReport',
      totals: { failed: 0 },
    });
  }, 60_000);

  it('finds the known hole: exit 1, the request that got through and the rule that let it', async () => {
    const ran = await greenroom(['rehearse', 'scenarios/shop/known-hole']);
    expect(ran.code).toBe(1);
    expect(ran.stdout).toContain('POST /charge');
    expect(ran.stdout).toMatch(/decided by ALLOW \S+ {2}\S+payments\.yaml:\d+/);
  }, 60_000);
});

describe('decide', () => {
  it('judges the kept cases of Istio and says how many agree', async () => {
    const ran = await greenroom(['decide', 'test/corpora/istio/decisions/authz-TestAuthz_Principal.json']);
    expect(ran.stdout).toMatch(/^20 cases, 20 agree, 0 differ$/m);
    expect(ran.code).toBe(0);
  });
});
