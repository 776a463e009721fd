/** The examples of each page are its tests: the first is found, and by nothing else; the second isn't. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readComposeConfig } from '../../../model/compose/compose-config.ts';
import { ComposeSource } from '../../../model/compose/compose-source.ts';
import { CONTAINER_CHECKS, containerFindings } from '../../../model/compose/container-checks.ts';
import { formatProblem, type Problem } from '../../../model/problem.ts';
import { readYaml } from '../../../model/yaml-source.ts';

const PAGES = new URL('../../../docs/checks/', import.meta.url);

function found(yaml: string): Problem[] {
  const read = readComposeConfig(JSON.stringify({ name: 'test', ...parse(yaml) }), 'compose.yaml');
  if (read.value === null) throw new Error(read.problems.map(formatProblem).join('\n'));
  return containerFindings(
    read.value,
    new ComposeSource(readYaml(yaml, 'compose.yaml').documents, 'compose.yaml'),
  );
}

const codes = (key: string): string[] =>
  found(`services:\n  web:\n    image: shop/web:1\n    ${key}\n`).map(({ code }) => code);

const examples = (code: string): string[] =>
  [...readFileSync(new URL(`${code}.md`, PAGES), 'utf8').matchAll(/```yaml\n(.*?)```/gs)].map(
    ([, yaml]) => yaml ?? '',
  );

describe('a check of containers', () => {
  it('has a page, and a row in the list of pages', () => {
    const pages = readdirSync(PAGES).filter((name) => name.startsWith('container-'));
    expect(pages.sort()).toEqual(CONTAINER_CHECKS.map(({ code }) => `${code}.md`));
    const list = readFileSync(new URL('README.md', PAGES), 'utf8');
    for (const { code, summary } of CONTAINER_CHECKS)
      expect(list).toContain(`[${code}](${code}.md) | ${summary}`);
  });

  it.each(CONTAINER_CHECKS.map(({ code }) => code))(
    '%s finds what its page shows, and not what is mended',
    (code) => {
      const [bad = '', good = ''] = examples(code);
      expect(found(good)).toEqual([]);
      const [finding, ...others] = found(bad);
      expect(others).toEqual([]);
      expect(finding).toMatchObject({ code, severity: 'warning', docs: `docs/checks/${code}.md` });
      // The key itself, or the entry of its list.
      expect(finding?.at?.line).toBe(code === 'container-image-latest' ? 3 : 4);
    },
  );

  it('prints no secret', () => {
    const [bad = ''] = examples('container-secret-in-environment');
    expect(JSON.stringify(found(bad))).not.toContain('hunter2');
  });

  it.each([
    'environment: { ALLOW_EMPTY_PASSWORD: "yes" }',
    'environment: { DB_PASSWORD: "" }',
    'environment: { TOKEN_URL: "https://issuer.example/token", PWD: /app, MONKEY: x }',
    'environment: { DATABASE: "pg://db:5432/shop" }',
    'volumes: [{ type: bind, source: /etc/localtime, target: /etc/localtime }]',
    'volumes: [{ type: bind, source: /home/me/shop, target: /app }]',
    'volumes: [{ type: bind, source: /root/shop/etc, target: /app }]',
    'volumes: [{ type: volume, source: etc, target: /etc }]',
    'network_mode: bridge',
    'user: "1000:0"',
    'user: rooty',
    'privileged: false',
    'cap_add: [CAP_CHOWN, net_bind_service]',
  ])('lets %s be', (key) => {
    expect(codes(key)).toEqual([]);
  });

  it.each([
    ['environment: { DATABASE: "pg://me:hush@db:5432/shop" }', 'container-secret-in-environment'],
    ['environment: { aws: AKIAABCDEFGHIJKLMNOP }', 'container-secret-in-environment'],
    ['environment: { stripe_api_key: x }', 'container-secret-in-environment'],
    ['environment: { KEY: "-----BEGIN EC PRIVATE KEY-----" }', 'container-secret-in-environment'],
    ['volumes: [{ type: bind, source: /, target: /host }]', 'container-host-path'],
    ['volumes: [{ type: bind, source: /home/me/.ssh, target: /keys }]', 'container-host-path'],
    ['volumes: [{ type: bind, source: /home/me/.kube/config, target: /keys }]', 'container-host-path'],
    ['volumes: [{ type: bind, source: /var/run, target: /run }]', 'container-host-path'],
    ['volumes: [{ type: bind, source: /run/podman/podman.sock, target: /s }]', 'container-engine-socket'],
    ['use_api_socket: true', 'container-engine-socket'],
    ['pid: host', 'container-host-namespace'],
    ['ipc: host', 'container-host-namespace'],
    ['user: "0:1000"', 'container-root'],
    ['cap_add: [ALL]', 'container-capability'],
    ['cap_add: [cap_sys_ptrace]', 'container-capability'],
  ])('finds %s: %s', (key, code) => {
    expect(codes(key)).toEqual([code]);
  });

  it.each([
    ['secrets', '/run/containerd/containerd.sock', 'container-engine-socket'],
    ['configs', '/var/run/docker.sock', 'container-engine-socket'],
    ['secrets', '/home/me/.ssh/id_ed25519', 'container-host-path'],
    ['configs', '/etc/shadow', 'container-host-path'],
  ])('finds one of its %s that is %s: %s, at the line of its use', (kind, file, code) => {
    const yaml = `services:\n  web:\n    image: shop/web:1\n    ${kind}: [{ source: x }]\n${kind}: { x: { file: ${file} } }\n`;
    expect(found(yaml)).toMatchObject([{ code, at: { line: 4 } }]);
  });

  it.each(['secrets', 'configs'])('lets %s of the project be, and those of no file', (kind) => {
    const yaml = `services:\n  web:\n    image: shop/web:1\n    ${kind}: [{ source: x }, { source: y }]\n${kind}: { x: { file: /home/me/shop/x }, y: { environment: Y } }\n`;
    expect(found(yaml)).toEqual([]);
  });

  it.each([
    ['shop/web', 1],
    ['shop/web:latest', 1],
    ['localhost:5000/web', 1],
    ['shop/web:1', 0],
    ['localhost:5000/web:1', 0],
    [`shop/web@sha256:${'0'.repeat(64)}`, 0],
  ])('counts %s as latest %i times', (image, times) => {
    expect(found(`services:\n  web:\n    image: ${image}\n`)).toHaveLength(times);
  });

  it('has nothing against an image that the project builds', () => {
    expect(found('services:\n  web:\n    image: shop/web\n    build: { context: . }\n')).toEqual([]);
  });
});
