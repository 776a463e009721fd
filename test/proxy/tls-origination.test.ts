/** TLS towards servers outside the mesh: whose certificates count, with real certificates over loopback. */
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { issueLeaf } from '../../mesh/pki/issuer.ts';
import { generateEcKeyPair, issueCertificate, keyIdOf } from '../../mesh/pki/x509.ts';
import { UpstreamRefused } from '../../proxy/forward-http.ts';
import { originateTls, type Origination } from '../../proxy/routing/tls-origination.ts';
import { listenLocally } from '../support/local-server.ts';
import { createScene, WEB } from '../support/mtls-listener.ts';

/** Whoever answers there. */
const UNVERIFIED = {
  host: '127.0.0.1',
  timeoutMs: 10_000,
  sni: '',
  alpn: [],
  verify: null,
  connected: () => undefined,
};

const DAY_MS = 86_400_000;
const servers: tls.Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((one) => once(one.close(), 'close')));
});

/** A server whose certificate has these names, and its authority. */
async function serve(
  dnsSans: readonly string[],
  commonName = '',
): Promise<{ port: number; roots: string[] }> {
  const [authority, keys] = await Promise.all([generateEcKeyPair(), generateEcKeyPair()]);
  const times = { notBefore: Date.now() - DAY_MS, notAfter: Date.now() + DAY_MS };
  const signer = {
    privateKey: authority.privateKey,
    subject: { commonName: 'authority' },
    keyId: keyIdOf(authority.publicKey),
  };
  const root = issueCertificate(
    {
      ...times,
      subject: signer.subject,
      publicKey: authority.publicKey,
      ca: true,
      keyUsage: ['keyCertSign'],
      extendedKeyUsage: null,
      uriSans: [],
    },
    signer,
  );
  const cert = issueCertificate(
    {
      ...times,
      subject: { commonName },
      publicKey: keys.publicKey,
      ca: false,
      keyUsage: ['digitalSignature'],
      extendedKeyUsage: ['serverAuth'],
      uriSans: [],
      dnsSans,
    },
    signer,
  );
  const key = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const own = tls.createServer({ cert, key }, (socket) => {
    socket.on('error', () => undefined);
  });
  own.on('tlsClientError', () => undefined);
  servers.push(own.listen(0, '127.0.0.1'));
  await once(own, 'listening');
  return { port: (own.address() as AddressInfo).port, roots: [root] };
}

/** What the caller is told; null = it is connected. */
async function refusal(
  dnsSans: readonly string[],
  expected: Partial<NonNullable<Origination['verify']>>,
  commonName?: string,
): Promise<string | null> {
  const { port, roots } = await serve(dnsSans, commonName);
  const verify = { roots, names: [], host: null, ...expected };
  try {
    const socket = await originateTls({
      host: '127.0.0.1',
      port,
      timeoutMs: 10_000,
      sni: 'good.example',
      alpn: [],
      certificate: null,
      verify,
      connected: () => undefined,
    });
    socket.destroy();
    return null;
  } catch (error) {
    if (!(error instanceof UpstreamRefused)) throw error;
    return error.decision.details ?? error.decision.reason;
  }
}

describe('the names that a DestinationRule asks a server for', () => {
  it('are not found within another name that was written like a list', async () => {
    const names = ['good.example'];
    expect(await refusal(['a, DNS:good.example, b'], { names })).toContain('SAN_matcher');
    expect(await refusal(['a", DNS:good.example, "b'], { names })).toContain('SAN_matcher');
    const whole = 'a,DNS:good.example,b';
    expect(await refusal([whole], { names })).toContain(`certificate_SANs_are_[${whole}]`);
  });

  it('are compared as text: no wildcard, no other cases', async () => {
    const names = ['a.good.example'];
    for (const name of ['*.good.example', 'A.good.example'])
      expect(await refusal([name], { names }), name).toContain('SAN_matcher');
  });

  it('are found among several, and one is enough', async () => {
    expect(
      await refusal(['other.example', 'good.example'], { names: ['x.example', 'good.example'] }),
    ).toBeNull();
    expect(await refusal(['other.example'], { names: ['good.example'] })).toContain('SAN_matcher');
  });
});

describe('the host that a server must be', () => {
  it('is not found within another name, nor in the subject', async () => {
    expect(await refusal(['a, DNS:good.example, b'], { host: 'good.example' })).toContain('SAN_list');
    expect(await refusal([], { host: 'good.example' }, 'good.example')).toContain('SAN_list');
  });

  it('is found under its name and under a wildcard', async () => {
    expect(await refusal(['good.example'], { host: 'good.example' })).toBeNull();
    expect(await refusal(['*.example.org'], { host: 'good.example.org' })).toBeNull();
  });
});

describe('a certificate that OpenSSL doesn’t take', () => {
  it('is a refusal, and the server hears nothing', async () => {
    const { port } = await serve(['good.example']);
    let connections = 0;
    servers[0]?.on('connection', () => {
      connections += 1;
    });
    const { root, clock } = await createScene();
    const weak = await issueLeaf(root, { spiffeId: WEB, fault: 'rsa-1024' }, clock);
    const originated = originateTls({
      ...UNVERIFIED,
      port,
      certificate: {
        certificateChainPem: weak.certificateChainPem,
        privateKeyPem: weak.privateKey.reveal(),
      },
    });
    await expect(originated).rejects.toMatchObject({ decision: { reason: 'unusable-secret' } });
    expect(connections).toBe(0);
  });
});

describe('a server that refuses the client’s certificate', () => {
  it('with an alert is told so, and isn’t called somebody else', async () => {
    // A fatal alert, unknown_ca, as an answer to the ClientHello.
    const own = net.createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(Buffer.from([0x15, 3, 3, 0, 2, 2, 48])));
    });
    const port = await listenLocally(own);
    try {
      const originated = originateTls({ ...UNVERIFIED, port, certificate: null });
      await expect(originated).rejects.toMatchObject({
        decision: { phase: 'upstream', reason: 'peer-refused-certificate' },
      });
    } finally {
      own.close();
    }
  });
});
