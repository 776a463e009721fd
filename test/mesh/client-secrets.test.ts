/** Certificates that DestinationRules name and the project doesn't bring as it must: told at their place, before anything runs. */
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readClientSecrets } from '../../mesh/client-secrets.ts';
import { loadProject } from '../../mesh/load-project.ts';
import type { IssuedLeaf } from '../../mesh/pki/leaf.ts';
import { formatProblem } from '../../model/problem.ts';
import { partnerAuthority, writeClientFiles, type PartnerAuthority } from '../support/client-certificates.ts';

let root = '';
let bank: PartnerAuthority;
let own: IssuedLeaf;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'greenroom-client-secrets-'));
  await mkdir(join(root, 'policies'));
  bank = await partnerAuthority();
  own = await bank.client();
});
afterAll(async () => await rm(root, { recursive: true }));
beforeEach(async () => await writeClientFiles(join(root, 'certs'), own, bank.pem));

const FILES =
  'mode: MUTUAL, clientCertificate: /etc/bank/client.pem, privateKey: /etc/bank/key.pem, caCertificates: /etc/bank/ca.pem';
const SELECTS = 'workloadSelector: { matchLabels: { app: web } }';
const SECRET = 'bank: { certificate: certs/client.pem, key: certs/key.pem, ca: certs/ca.pem }';

interface Written {
  tls: string;
  /** More of the rule, on one line. */
  rule?: string;
  /** Of service web. */
  credentials?: string;
  /** More of greenroom.yaml. */
  more?: string;
}

async function load({ tls, rule = '', credentials = '', more = '' }: Written) {
  await writeFile(
    join(root, 'greenroom.yaml'),
    `apiVersion: greenroom.dev/v1
kind: Mesh
metadata: { name: partners }
spec:
  namespace: shop
  services:
    web:
      command: node web.js
      ports: [{ name: http, port: 80 }]
      credentials: { ${credentials} }
    other: { command: node other.js, ports: [{ name: http, port: 80 }] }
  policies: [./policies]
${more}`,
  );
  await writeFile(
    join(root, 'policies', 'bank.yaml'),
    `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: bank }
spec:
  host: bank.example
  ${rule}
  trafficPolicy:
    tls: { ${tls} }
`,
  );
  const { value, problems } = await loadProject(root);
  return {
    mesh: value,
    problems: problems.map((problem) => formatProblem(problem).replaceAll(`${root}/`, '')),
  };
}

const problems = async (written: Written): Promise<string[]> => (await load(written)).problems;

describe('a DestinationRule with certificates of one’s own', () => {
  it('is refused for each file that nobody is given, at its field and with the remedy', async () => {
    expect(await problems({ tls: FILES })).toEqual([
      "policies/bank.yaml:8:26: error missing-credential: DestinationRule shop/bank: nobody who follows it is given a file for /etc/bank/client.pem: paths are those of the proxy's file system, not of this machine's\n  hint: spec.services.other.credentials: { /etc/bank/client.pem: … } in greenroom.yaml says which file stands there, or the same of its folder, for each service or gateway that has it in the cluster",
      expect.stringContaining('policies/bank.yaml:8:67: error missing-credential'),
      expect.stringContaining('policies/bank.yaml:8:98: error missing-credential'),
    ]);
  });

  it('is refused for the one that is missing of those that somebody was given', async () => {
    const credentials = '/etc/bank/client.pem: certs/client.pem, /etc/bank/key.pem: certs/key.pem';
    const found = await problems({ tls: FILES, credentials });
    expect(found.length).toBe(1);
    expect(found[0]).toContain('is given a file for /etc/bank/ca.pem');
    expect(found[0]).toContain('hint: spec.services.web.credentials: { /etc/bank/ca.pem: … }');
  });

  it('is refused for a secret that nobody is given, once', async () => {
    expect(await problems({ tls: 'mode: MUTUAL, credentialName: bank', rule: SELECTS })).toEqual([
      'policies/bank.yaml:8:26: error missing-credential: DestinationRule shop/bank: nobody who follows it is given files for credential bank\n  hint: spec.services.web.credentials: { bank: { certificate: …, key: …, ca: … } } in greenroom.yaml, for each service or gateway that has the secret in the cluster',
    ]);
    expect((await problems({ tls: 'mode: SIMPLE, credentialName: bank', rule: SELECTS }))[0]).toContain(
      'hint: spec.services.web.credentials: { bank: { ca: … } }',
    );
  });

  it('is refused a secret without a workloadSelector where no gateway runs, since sidecars don’t read it', async () => {
    expect(await problems({ tls: 'mode: MUTUAL, credentialName: bank', credentials: SECRET })).toEqual([
      'policies/bank.yaml:8:26: error credential-name-unread: DestinationRule shop/bank: sidecars read credential bank only by a rule with a workloadSelector, and no gateway runs here: in the cluster they send plaintext\n  hint: workloadSelector: { matchLabels: … } in the rule; or clientCertificate, privateKey and caCertificates, which sidecars read',
    ]);
  });

  it('may name a secret that only a gateway is given, and the gateway must be', async () => {
    const tls = 'mode: MUTUAL, credentialName: bank';
    const more = (credentials: string): string =>
      `  gateways: { egress: { credentials: { ${credentials} } } }\n`;
    expect(await problems({ tls, more: more(SECRET) })).toEqual([]);
    expect((await problems({ tls, credentials: SECRET, more: more('') }))[0]).toContain(
      'hint: spec.gateways.egress.credentials: { bank: {',
    );
  });

  it('is refused a secret that has only a part of what it needs, at the secret', async () => {
    const tls = 'mode: MUTUAL, credentialName: bank';
    const noCa = 'bank: { certificate: certs/client.pem, key: certs/key.pem }';
    expect(await problems({ tls, rule: SELECTS, credentials: noCa })).toEqual([
      'greenroom.yaml:10:22: error incomplete-credential: credential bank of spec.services.web names no ca, and DestinationRule shop/bank believes servers by it\n  hint: ca: the PEM file of whoever signs for the server, `ca.crt` of the secret',
    ]);
    const skips = `${tls}, insecureSkipVerify: true`;
    expect(await problems({ tls: skips, rule: SELECTS, credentials: noCa })).toEqual([]);
    expect(await problems({ tls, rule: SELECTS, credentials: 'bank: { ca: certs/ca.pem }' })).toEqual([
      'greenroom.yaml:10:22: error incomplete-credential: credential bank of spec.services.web names no certificate and key, and DestinationRule shop/bank shows servers one\n  hint: certificate: and key: of the client',
    ]);
  });

  it('that nobody here follows asks for nothing', async () => {
    expect(
      await problems({ tls: FILES, rule: 'workloadSelector: { matchLabels: { app: elsewhere } }' }),
    ).toEqual([]);
    expect(await problems({ tls: FILES, rule: 'exportTo: [billing]' })).toEqual([]);
  });

  it('has the file below the longest path that is given', async () => {
    const at = (credentials: string) => load({ tls: FILES, credentials });
    expect((await at('/etc: nowhere, /etc/bank: certs')).problems).toEqual([]);
    expect((await at('/etc/bank/: certs')).problems).toEqual([]);
    expect((await at('/etc/ban: certs')).problems.length).toBe(3);
    expect((await at('/etc/bank: certs, /etc/bank/ca.pem: nowhere.pem')).problems).toEqual([
      'greenroom.yaml:10:40: error missing-path: credential /etc/bank/ca.pem: nowhere.pem does not exist',
    ]);
  });

  it('doesn’t leave the folder that is given', async () => {
    const tls = FILES.replace('/etc/bank/ca.pem', '/etc/bank/../../certs/ca.pem');
    expect((await problems({ tls, credentials: '/etc/bank: certs' }))[0]).toContain(
      'is given a file for /etc/bank/../../certs/ca.pem',
    );
  });
});

describe('a file that a DestinationRule names', () => {
  it.skipIf(process.platform === 'win32')('with a key that others can read is refused', async () => {
    await chmod(join(root, 'certs', 'key.pem'), 0o644);
    expect(await problems({ tls: FILES, credentials: '/etc/bank: certs' })).toEqual([
      'greenroom.yaml:10:22: error key-file-open: credential /etc/bank/key.pem: certs/key.pem can be read by others (0644)\n  hint: chmod 600 certs/key.pem',
    ]);
  });

  it('with a key of another certificate, or roots that are none, is refused', async () => {
    const { privateKey } = await bank.client();
    await writeFile(join(root, 'certs', 'key.pem'), privateKey.reveal());
    await writeFile(join(root, 'certs', 'ca.pem'), 'nothing');
    expect(await problems({ tls: FILES, credentials: '/etc/bank: certs' })).toEqual([
      expect.stringContaining('error key-mismatch: credential /etc/bank/key.pem: the key in certs/key.pem'),
      expect.stringContaining(
        'error invalid-certificate: credential /etc/bank/ca.pem: certs/ca.pem holds no',
      ),
    ]);
  });

  it('is read for those only who were given it, and its key prints as nothing', async () => {
    const { mesh } = await load({ tls: FILES, credentials: '/etc/bank: certs' });
    if (mesh === null) throw new Error('no mesh');
    const { secrets } = await readClientSecrets(mesh);
    expect([...secrets.keys()]).toEqual(['web']);
    const web = secrets.get('web');
    const pair = web?.certificates['file-cert:/etc/bank/client.pem~/etc/bank/key.pem'];
    expect(pair?.privateKey.reveal()).toBe(own.privateKey.reveal());
    expect(web?.roots).toEqual({ 'file-root:/etc/bank/ca.pem': [bank.pem.trim()] });
    expect(inspect(web, { depth: 5 }) + JSON.stringify(web)).not.toContain('PRIVATE KEY');
  });
});
