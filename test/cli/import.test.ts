import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadProject } from '../../mesh/load-project.ts';
import { type Folder, greenroom, temporaryFolder } from '../support/greenroom.ts';
import { describeWith } from '../support/requires.ts';

const STREAM = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  template:
    metadata: { labels: { app: web, version: v1 } }
    spec:
      serviceAccountName: front
      containers:
        - { name: web, image: "acme/web:1", args: ["echo $HOME"], env: [{ name: PRICE, value: "5$" }] }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { selector: { app: web }, ports: [{ name: http, port: 80, targetPort: 8080 }] }
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: deny, namespace: shop }
spec: {}
`;

describeWith('compose', 'greenroom import', () => {
  let folder: Folder;
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(() => folder.remove());
  const run = (...args: string[]) => greenroom(['import', ...args], { cwd: folder.path });
  const file = (name: string) => join(folder.path, name);

  it("refuses a file that isn't there, and one with nothing to run", async () => {
    expect(await run('gone.yaml')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('gone.yaml:1:1: error unreadable-file') as string,
    });
    await writeFile(file('none.yaml'), 'kind: ConfigMap\nmetadata: { name: x }\n');
    const none = await run('none.yaml');
    expect(none).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('none.yaml:1:1: error no-services') as string,
    });
  });

  it('overwrites nothing, and names the way out', async () => {
    await writeFile(file('shop.yaml'), STREAM);
    await writeFile(file('compose.yaml'), 'mine');
    const { code, stderr } = await run('shop.yaml');
    expect(code).toBe(2);
    expect(stderr).toContain(
      'error would-overwrite: compose.yaml exists, and nothing is overwritten\n  hint: choose another folder: greenroom import FILE --out FOLDER',
    );
    expect(await readFile(file('compose.yaml'), 'utf8')).toBe('mine');
  });

  it('writes a project that loads: services, identities, and policies from the file itself', async () => {
    await mkdir(file('render'));
    await writeFile(file('render/shop.yaml'), STREAM);
    const { code, stdout } = await run('render/shop.yaml', '--out', 'mesh');
    expect(code).toBe(0);
    expect(stdout.split('\n').slice(0, 3)).toEqual([
      'wrote mesh/compose.yaml',
      'wrote mesh/greenroom.yaml',
      '  web: shop/front, http 80',
    ]);
    const { value: mesh, problems } = await loadProject(file('mesh'));
    expect(problems.filter(({ severity }) => severity !== 'notice')).toEqual([]);
    expect(mesh?.workloads).toMatchObject([
      {
        name: 'web',
        spiffeId: 'spiffe://cluster.local/ns/shop/sa/front',
        labels: { app: 'web', version: 'v1' },
        ports: [{ name: 'http', port: 80, targetPort: 8080, protocol: 'http' }],
        run: { image: 'acme/web:1', environment: { PRICE: '5$' }, container: { command: ['echo $HOME'] } },
      },
    ]);
    expect(mesh?.policies).toMatchObject([{ kind: 'AuthorizationPolicy', at: { line: 17 } }]);
  });

  it('writes the gateways that its Gateways select, with credentials for those that ask for certificates', async () => {
    const server =
      '{ port: { number: 443, name: https, protocol: HTTPS }, hosts: [shop.example], tls: { mode: MUTUAL, credentialName: shop-cert } }';
    const gateway = `---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: public, namespace: shop }
spec: { selector: { istio: ingressgateway }, servers: [${server}] }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: web, namespace: shop }
spec: { hosts: [shop.example], gateways: [public], http: [{ route: [{ destination: { host: web } }] }] }
---
apiVersion: v1
kind: Secret
metadata: { name: shop-cert, namespace: istio-system }
data: { tls.key: c2VjcmV0 }
`;
    await writeFile(file('shop.yaml'), STREAM + gateway);
    const { code, stdout } = await run('shop.yaml', '--out', 'mesh');
    expect(code).toBe(0);
    expect(stdout).toContain(
      '  istio-ingressgateway: a gateway, selected by a Gateway; for development, clients of shop-cert show certificates of the mesh',
    );
    const written = await readFile(file('mesh/greenroom.yaml'), 'utf8');
    expect(written).not.toContain('c2VjcmV0');
    const { value: mesh, problems } = await loadProject(file('mesh'));
    expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(mesh?.gateways).toMatchObject([
      {
        name: 'istio-ingressgateway',
        namespace: 'istio-system',
        labels: { istio: 'ingressgateway' },
        meshClients: ['shop-cert'],
      },
    ]);
  });
});
