/** What is told of certificates when a mesh is exported: no key leaves, and each that the cluster needs is named. */
import { describe, expect, it } from 'vitest';
import { credentialNotices } from '../../export/credential-notices.ts';
import { exportIstio } from '../../export/istio.ts';
import type { ClientCredentials, Mesh, MeshGateway } from '../../model/mesh.ts';
import { formatProblem } from '../../model/problem.ts';
import { sampleMesh } from '../support/sample-mesh.ts';

const AT = { file: 'greenroom.yaml', line: 1, column: 1 };
const PAIR = { certificate: '/certs/client.pem', key: '/certs/key.pem' };
const RULE = `# Shown to the bank.
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: bank, namespace: shop }
spec:
  host: bank.example
  workloadSelector: { matchLabels: { app: web } }
  trafficPolicy: { tls: { mode: MUTUAL, credentialName: bank } }
`;

function mesh(clientCredentials: ClientCredentials): Mesh {
  const sample = sampleMesh([{ name: 'web' }]);
  return { ...sample, workloads: sample.workloads.map((one) => ({ ...one, clientCredentials })) };
}

const told = (one: Pick<Mesh, 'workloads' | 'gateways'>): string[] =>
  credentialNotices(one).map(formatProblem);

describe('an exported mesh', () => {
  it('names each secret that a sidecar reads, with the command and who must be let', () => {
    const secrets = {
      bank: { pair: PAIR, ca: '/certs/ca.pem', at: AT },
      roots: { pair: null, ca: '/certs/ca.pem', at: AT },
    };
    expect(told(mesh({ secrets, mounted: {} }))).toEqual([
      "notice credential-apart: credential bank of service shop/web is a secret that isn't exported\n  hint: kubectl create -n shop secret generic bank --from-file=tls.crt=… --from-file=tls.key=… --from-file=ca.crt=…, and let service account web list the secrets of namespace shop",
      "notice credential-apart: credential roots of service shop/web is a secret that isn't exported\n  hint: kubectl create -n shop secret generic roots --from-file=ca.crt=…, and let service account web list the secrets of namespace shop",
    ]);
  });

  it('names each path of a proxy that must be mounted', () => {
    const mounted = { '/etc/bank': { path: '/certs', at: AT } };
    expect(told(mesh({ secrets: {}, mounted }))).toEqual([
      "notice credential-apart: what stands at /etc/bank of service shop/web is a file of its proxy that isn't exported\n  hint: mount a secret there with the annotations sidecar.istio.io/userVolume and sidecar.istio.io/userVolumeMount",
    ]);
  });

  it('names a gateway’s credential once, whoever it is for', () => {
    const gateway = {
      name: 'edge',
      namespace: 'shop',
      credentials: { shop: { ...PAIR, ca: null, at: AT } },
      clientCredentials: { secrets: { shop: { pair: PAIR, ca: null, at: AT } }, mounted: {} },
    } as unknown as MeshGateway;
    expect(told({ workloads: [], gateways: [gateway] })).toEqual([
      "notice credential-apart: credential shop of gateway shop/edge is a secret that isn't exported\n  hint: kubectl create -n shop secret tls shop --cert=… --key=…",
    ]);
  });

  it('leaves the rule as it was written', () => {
    const secrets = { bank: { pair: PAIR, ca: '/certs/ca.pem', at: AT } };
    const { files, problems } = exportIstio(mesh({ secrets, mounted: {} }), [
      { path: 'policies/bank.yaml', text: RULE },
    ]);
    expect(files.find(({ path }) => path === 'policies/bank.yaml')?.text).toBe(RULE);
    expect(problems.map(({ code }) => code)).toContain('credential-apart');
  });
});
