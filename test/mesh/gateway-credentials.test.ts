/** Certificates and keys of gateways, from files: each that isn't fit for use is a problem at its place, and no key is told. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { GatewayCertificates } from '../../mesh/gateway-certificates.ts';
import { readGatewayCredentials } from '../../mesh/gateway-credentials.ts';
import { issueServerCertificate } from '../../mesh/pki/issuer.ts';
import type { IssuedLeaf } from '../../mesh/pki/leaf.ts';
import type { CredentialFiles, MeshGateway } from '../../model/mesh.ts';
import { formatProblem } from '../../model/problem.ts';
import { createScene } from '../support/mtls-listener.ts';

const AT = { file: 'greenroom.yaml', line: 12, column: 7 };
let folder = '';
let leaf: IssuedLeaf;
let other: IssuedLeaf;
let rootPem = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'greenroom-credentials-'));
  const { root, clock } = await createScene();
  rootPem = root.certificatePem;
  const request = { dnsNames: ['shop.example'], ttlMs: 60_000 };
  [leaf, other] = await Promise.all([
    issueServerCertificate(root, request, clock),
    issueServerCertificate(root, request, clock),
  ]);
});
afterAll(async () => await rm(folder, { recursive: true }));
beforeEach(async () => {
  await write('c.pem', leaf.certificateChainPem, 0o644);
  await write('k.pem', leaf.privateKey.reveal(), 0o600);
  await write('ca.pem', rootPem, 0o644);
});

async function write(name: string, text: string, mode: number): Promise<void> {
  await rm(join(folder, name), { force: true });
  await writeFile(join(folder, name), text, { mode });
}

function gateway(more: Partial<Record<'certificate' | 'key' | 'ca', string>> = {}): MeshGateway {
  const path = (name: string): string => join(folder, name);
  const files: CredentialFiles = {
    certificate: path(more.certificate ?? 'c.pem'),
    key: path(more.key ?? 'k.pem'),
    ca: more.ca === undefined ? null : path(more.ca),
    at: AT,
  };
  return { id: 'ingress', credentials: { shop: files } } as unknown as MeshGateway;
}

const problems = async (one: MeshGateway): Promise<string[]> =>
  (await readGatewayCredentials([one])).problems.map((problem) =>
    formatProblem(problem).replaceAll(`${folder}/`, ''),
  );
const told = (text: string): string => `greenroom.yaml:12:7: error ${text}`;

describe('a credential', () => {
  it.each([
    [{ certificate: 'nowhere.pem' }, 'missing-path: credential shop: nowhere.pem does not exist'],
    [{ key: 'nowhere.pem' }, 'missing-path: credential shop: nowhere.pem does not exist'],
    [{ certificate: '.' }, 'unreadable-file: credential shop: '],
    [{ certificate: 'k.pem' }, 'invalid-certificate: credential shop: k.pem holds no certificate in PEM'],
    [{ ca: 'k.pem' }, 'invalid-certificate: credential shop: k.pem holds no certificates in PEM'],
  ])('with %o is refused', async (more, problem) => {
    expect((await problems(gateway(more)))[0]).toContain(told(problem));
  });

  it('with a key of another certificate is refused', async () => {
    await write('k.pem', other.privateKey.reveal(), 0o600);
    expect(await problems(gateway())).toEqual([
      told(
        'key-mismatch: credential shop: the key in k.pem is not that of the certificate in c.pem\n  hint: the leaf must come first in its file',
      ),
    ]);
  });

  it('without a key in its file is refused, and what stands there is not quoted', async () => {
    await write('k.pem', '-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n', 0o600);
    const [problem] = await problems(gateway());
    expect(problem).toContain(told('invalid-key: credential shop: k.pem holds no private key in PEM'));
    expect(problem).not.toContain('c2VjcmV0');
  });

  it.skipIf(process.platform === 'win32')(
    'whose key others can read is refused, with the remedy',
    async () => {
      await chmod(join(folder, 'k.pem'), 0o640);
      expect(await problems(gateway())).toEqual([
        told('key-file-open: credential shop: k.pem can be read by others (0640)\n  hint: chmod 600 k.pem'),
      ]);
    },
  );

  it('is read whole, and its key prints as nothing', async () => {
    const { credentials, problems: found } = await readGatewayCredentials([gateway({ ca: 'ca.pem' })]);
    expect(found).toEqual([]);
    const shop = credentials.get('ingress')?.['shop'];
    expect(shop?.certificateChainPem).toBe(leaf.certificateChainPem);
    expect(shop?.privateKey.reveal()).toBe(leaf.privateKey.reveal());
    expect(shop?.clientRootsPem).toEqual([rootPem.trim()]);
    expect(inspect(shop, { depth: 5 }) + JSON.stringify(shop)).not.toContain('PRIVATE KEY');
  });
});

describe('the certificates of a session', () => {
  it('are refused where a file was taken away since the project was read', async () => {
    const open = GatewayCertificates.open(
      { gateways: [gateway({ key: 'nowhere.pem' })] },
      { issueServer: () => Promise.reject(new Error('not asked')) },
    );
    await expect(open).rejects.toMatchObject({
      code: 'invalid-credentials',
      lines: [expect.stringContaining('does not exist')],
    });
  });
});
