import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { issueLeaf } from '../../mesh/pki/issuer.ts';
import { CERTIFICATE_FAULTS, type CertificateFault, type IssuedLeaf } from '../../mesh/pki/leaf.ts';
import { createRoot, signerOf } from '../../mesh/pki/root.ts';
import { generateEcKeyPair, issueCertificate, keyIdOf } from '../../mesh/pki/x509.ts';
import { Secret } from '../../model/secret.ts';
import { listenLocally } from '../support/local-server.ts';
import {
  createScene,
  credentialsOf,
  listen,
  ORDERS,
  rawClient,
  SERVED,
  tlsClient,
  WEB,
  type Listener,
  type ListenerRequest,
  type Scene,
} from '../support/mtls-listener.ts';

let scene: Scene;
let leaves: ReadonlyMap<CertificateFault, IssuedLeaf>;
const open: Listener[] = [];

beforeAll(async () => {
  scene = await createScene();
  const issued = CERTIFICATE_FAULTS.map(
    async (fault) => [fault, await issueLeaf(scene.root, { spiffeId: WEB, fault }, scene.clock)] as const,
  );
  leaves = new Map(await Promise.all(issued));
});

afterEach(async () => {
  for (const listener of open.splice(0)) await listener.close();
});

async function listener(request: ListenerRequest): Promise<Listener> {
  const made = await listen(scene, request);
  open.push(made);
  return made;
}

function leafWith(fault: CertificateFault): IssuedLeaf {
  const leaf = leaves.get(fault);
  if (!leaf) throw new Error(`no leaf ${fault}`);
  return leaf;
}

/** Refused = told so, nothing served, nothing passed on. */
async function expectRefused(
  at: Listener,
  client: ReturnType<typeof tlsClient>,
  reason: string,
  details: string | null = 'tls: CERTIFICATE_VERIFY_FAILED',
): Promise<void> {
  const [result, end] = await Promise.all([at.next(), client]);
  expect(result).toMatchObject({ kind: 'refused', reason, details });
  expect(end.got).toBe('');
  expect(at.received).toEqual([]);
}

describe('the first thing to hold', () => {
  it('refuses a client signed by a rogue CA on a PERMISSIVE port', async () => {
    const at = await listener({ mode: 'PERMISSIVE' });
    await expectRefused(at, tlsClient(at.port, { leaf: leafWith('rogue-ca') }), 'unknown-authority');
  });
});

type Row = { istio: string; spiffe: string; attack?: string };

/** `ok` = accepted; else the reason. `attack` = the row of the finding where Istio accepts. */
const VERDICTS: Record<CertificateFault, Row> = {
  none: { istio: 'ok', spiffe: 'ok' },
  'rogue-ca': { istio: 'unknown-authority', spiffe: 'unknown-authority' },
  'self-signed': { istio: 'self-signed', spiffe: 'self-signed' },
  expired: { istio: 'expired', spiffe: 'expired' },
  'not-yet-valid': { istio: 'not-yet-valid', spiffe: 'not-yet-valid' },
  'foreign-trust-domain': { istio: 'foreign-trust-domain', spiffe: 'foreign-trust-domain' },
  'upper-case-trust-domain': { istio: 'foreign-trust-domain', spiffe: 'foreign-trust-domain' },
  'no-uri-san': { istio: 'no-spiffe-id', spiffe: 'no-spiffe-id' },
  'server-auth-only': { istio: 'server-auth-only', spiffe: 'server-auth-only' },
  'workload-minted': { istio: 'unknown-authority', spiffe: 'unknown-authority' },
  'two-uri-sans': { istio: 'ok', spiffe: 'several-uri-sans', attack: 'M7' },
  'no-eku': { istio: 'ok', spiffe: 'no-extended-key-usage', attack: 'M8' },
  'ca-true': { istio: 'ok', spiffe: 'ca-certificate', attack: 'M9' },
  'key-cert-sign': { istio: 'ok', spiffe: 'signing-certificate', attack: 'M9' },
  'rsa-1024': { istio: 'ok', spiffe: 'weak-key', attack: 'M13' },
};

for (const mode of ['STRICT', 'PERMISSIVE'] as const) {
  for (const profile of ['istio', 'spiffe'] as const) {
    for (const [session, version] of [
      ['fresh', 'TLSv1.3'],
      ['fresh', 'TLSv1.2'],
      ['resumed', 'TLSv1.3'],
      ['resumed', 'TLSv1.2'],
    ] as const) {
      describe(`${mode}, profile ${profile}, ${session} session, ${version}`, () => {
        for (const fault of CERTIFICATE_FAULTS) {
          const row = VERDICTS[fault];
          const verdict = row[profile];
          it(`${verdict === 'ok' ? 'accepts' : `refuses as ${verdict}:`} a certificate with fault ${fault}`, async () => {
            const at = await listener({ mode, profile });
            // To resume, a client needs a session that the server gave to a good certificate.
            const before = session === 'resumed' ? await goodSession(at, version) : null;
            const client = tlsClient(at.port, { leaf: leafWith(fault), maxVersion: version, ...before });
            if (verdict !== 'ok') {
              await expectRefused(at, client, verdict);
              return;
            }
            const [result, end] = await Promise.all([at.next(), client]);
            expect(result).toMatchObject({
              kind: 'admitted',
              chain: 'mtls',
              spiffeId: WEB,
              principal: WEB.slice(9),
            });
            expect(result.tls).toMatchObject({ mutual: true, version, resumed: false, alpn: 'http/1.1' });
            expect(
              result.kind === 'admitted' && result.findings.map(({ code, attack }) => `${code} ${attack}`),
            ).toEqual(row.attack && profile === 'istio' ? [`istio-allows ${row.attack}`] : []);
            expect(end.got).toBe(SERVED);
          });
        }

        it('refuses as no-certificate: a client without a certificate', async () => {
          const at = await listener({ mode, profile });
          const before = session === 'resumed' ? await goodSession(at, version) : null;
          const client = tlsClient(at.port, { maxVersion: version, ...before });
          await expectRefused(at, client, 'no-certificate', 'tls: PEER_DID_NOT_RETURN_A_CERTIFICATE');
          expect((await client).resumed).toBe(false);
        });
      });
    }
  }
}

/** A session that was given to a good certificate, if the server gives any. */
async function goodSession(at: Listener, maxVersion: tls.SecureVersion): Promise<{ session?: Buffer }> {
  const [result, end] = await Promise.all([
    at.next(),
    tlsClient(at.port, { leaf: leafWith('none'), maxVersion }),
  ]);
  expect(result.kind).toBe('admitted');
  at.received.length = 0;
  return end.session ? { session: end.session } : {};
}

describe('filter chains', () => {
  it('closes plaintext on a STRICT port without an HTTP answer', async () => {
    const at = await listener({ mode: 'STRICT' });
    const client = rawClient(at.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await expectRefused(at, client, 'plaintext-on-strict', 'filter_chain_not_found');
  });

  it("closes TLS without a sidecar's ALPN on a PERMISSIVE HTTP port, however good the certificate", async () => {
    const at = await listener({ mode: 'PERMISSIVE' });
    const client = tlsClient(at.port, { leaf: leafWith('none'), ALPNProtocols: ['http/1.1'] });
    await expectRefused(at, client, 'tls-without-istio-alpn', 'filter_chain_not_found');
  });

  it('lets the same client into a STRICT port', async () => {
    const at = await listener({ mode: 'STRICT' });
    const [result] = await Promise.all([
      at.next(),
      tlsClient(at.port, { leaf: leafWith('none'), ALPNProtocols: ['http/1.1'] }),
    ]);
    expect(result).toMatchObject({ kind: 'admitted', spiffeId: WEB });
  });

  it('lets a client without any ALPN into a STRICT port', async () => {
    const at = await listener({ mode: 'STRICT' });
    const [result] = await Promise.all([
      at.next(),
      tlsClient(at.port, { leaf: leafWith('none'), ALPNProtocols: [] }),
    ]);
    expect(result).toMatchObject({ kind: 'admitted', tls: { alpn: null } });
  });

  it('gives no ALPN answer to a client that shares no protocol with the application', async () => {
    const at = await listener({ mode: 'STRICT' });
    const [result] = await Promise.all([
      at.next(),
      tlsClient(at.port, { leaf: leafWith('none'), ALPNProtocols: ['istio'] }),
    ]);
    expect(result).toMatchObject({ kind: 'admitted', tls: { alpn: null } });
  });

  it('admits plaintext to a PERMISSIVE port without an identity, every byte in place', async () => {
    const at = await listener({ mode: 'PERMISSIVE' });
    const text = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
    const [result, end] = await Promise.all([at.next(), rawClient(at.port, text)]);
    expect(result).toMatchObject({
      kind: 'admitted',
      chain: 'plaintext',
      spiffeId: null,
      principal: null,
      tls: null,
    });
    expect(end.got).toBe(SERVED);
    expect(at.received.join('')).toBe(text);
  });

  it('passes foreign TLS on undecrypted at a PERMISSIVE TCP port, and gives its client no principal', async () => {
    const at = await listener({ mode: 'PERMISSIVE', protocol: 'tcp' });
    const client = tlsClient(at.port, {
      leaf: leafWith('none'),
      ALPNProtocols: ['postgresql'],
      servername: 'DB.example',
    });
    const [result] = await Promise.all([at.next(), client]);
    expect(result).toMatchObject({
      kind: 'admitted',
      chain: 'tls-passthrough',
      principal: null,
      tls: { mutual: false, sni: 'db.example' },
    });
    expect(at.received.join('').charCodeAt(0)).toBe(22);
  });

  it('waits for nothing on a DISABLE port: a server may speak first', async () => {
    const at = await listener({ mode: 'DISABLE', protocol: 'tcp' });
    const [result, end] = await Promise.all([at.next(), rawClient(at.port, '')]);
    expect(result).toMatchObject({ kind: 'admitted', chain: 'plaintext' });
    expect(end.got).toBe(SERVED);
  });

  it('closes what starts like TLS and is none, on STRICT and on PERMISSIVE', async () => {
    for (const mode of ['STRICT', 'PERMISSIVE'] as const) {
      const at = await listener({ mode });
      await expectRefused(
        at,
        rawClient(at.port, Buffer.from('16030100050100ffffff', 'hex')),
        'malformed-client-hello',
        'filter_chain_not_found',
      );
    }
  });
});

describe('time', () => {
  it('refuses a client that never finishes its ClientHello', async () => {
    const at = await listener({ mode: 'STRICT', timeouts: { clientHelloMs: 50, handshakeMs: 5_000 } });
    await expectRefused(at, rawClient(at.port, Buffer.from('160301', 'hex')), 'client-hello-timeout', null);
  });

  it('refuses a client that never finishes its handshake', async () => {
    const at = await listener({ mode: 'STRICT', timeouts: { clientHelloMs: 5_000, handshakeMs: 50 } });
    const hello = await captureHello();
    const [result] = await Promise.all([at.next(), rawClient(at.port, hello)]);
    expect(result).toMatchObject({ kind: 'refused', reason: 'handshake-timeout' });
  });

  it('notices a client that closes before it has said anything', async () => {
    const at = await listener({ mode: 'STRICT' });
    const socket = net.connect(at.port, '127.0.0.1', () => socket.end());
    socket.resume();
    expect(await at.next()).toMatchObject({ kind: 'refused', reason: 'closed-early' });
  });

  it("refuses a certificate as soon as the session's clock was moved past its end", async () => {
    const at = await listener({ mode: 'STRICT' });
    const leaf = await issueLeaf(scene.root, { spiffeId: WEB, fault: 'none' }, scene.clock);
    const [before] = await Promise.all([at.next(), tlsClient(at.port, { leaf })]);
    expect(before.kind).toBe('admitted');
    at.received.length = 0;
    scene.clock.move(25 * 60 * 60 * 1000);
    try {
      await expectRefused(at, tlsClient(at.port, { leaf }), 'expired');
    } finally {
      scene.clock.move(-25 * 60 * 60 * 1000);
    }
  });

  it("refuses a certificate when the session's clock was moved before its beginning", async () => {
    const at = await listener({ mode: 'STRICT' });
    scene.clock.move(-60 * 60 * 1000);
    try {
      await expectRefused(at, tlsClient(at.port, { leaf: leafWith('none') }), 'not-yet-valid');
    } finally {
      scene.clock.move(60 * 60 * 1000);
    }
  });

  it('accepts a certificate that was issued on a moved clock, forward and back', async () => {
    for (const byMs of [1, -1].map((sign) => sign * 1000 * 60 * 60 * 1000)) {
      scene.clock.move(byMs);
      try {
        const at = await listener({ mode: 'STRICT' });
        const leaf = await issueLeaf(scene.root, { spiffeId: WEB, fault: 'none' }, scene.clock);
        const [result] = await Promise.all([at.next(), tlsClient(at.port, { leaf })]);
        expect(result).toMatchObject({ kind: 'admitted' });
      } finally {
        scene.clock.move(-byMs);
      }
    }
  });

  it("refuses a certificate that has expired by the wall clock, though the session's clock was moved back into its time", async () => {
    const at = await listener({ mode: 'STRICT' });
    const leaf = leafWith('expired');
    scene.clock.move(leaf.notAfter - 60_000 - Date.now());
    try {
      await expectRefused(at, tlsClient(at.port, { leaf }), 'expired');
    } finally {
      scene.clock.move(-scene.clock.offsetMs());
    }
  });

  it('refuses a certificate of three seconds once they have passed in real time', async () => {
    const at = await listener({ mode: 'STRICT' });
    const leaf = await issueLeaf(scene.root, { spiffeId: WEB, fault: 'none', ttlMs: 3_000 }, scene.clock);
    const [first] = await Promise.all([at.next(), tlsClient(at.port, { leaf })]);
    expect(first.kind).toBe('admitted');
    for (;;) {
      const [result] = await Promise.all([at.next(), tlsClient(at.port, { leaf })]);
      if (result.kind === 'admitted') {
        await new Promise((resolve) => setTimeout(resolve, 50));
        continue;
      }
      expect(result.reason).toBe('expired');
      expect(Date.now()).toBeGreaterThanOrEqual(leaf.notAfter);
      break;
    }
  });
});

describe('roots and trust domains', () => {
  it('refuses a leaf of the old root once the bundle no longer has it, and accepts both while they overlap', async () => {
    const next = await createRoot({ name: 'shop' }, scene.clock);
    const [old, renewed] = await Promise.all(
      [scene.root, next].map((root) => issueLeaf(root, { spiffeId: WEB, fault: 'none' }, scene.clock)),
    );
    const server = await issueLeaf(next, { spiffeId: ORDERS, fault: 'none' }, scene.clock);
    const overlap = await listener({ mode: 'STRICT', credentials: credentialsOf(server, scene.root, next) });
    for (const leaf of [old, renewed]) {
      const [result] = await Promise.all([overlap.next(), tlsClient(overlap.port, leaf ? { leaf } : {})]);
      expect(result.kind).toBe('admitted');
    }
    const after = await listener({ mode: 'STRICT', credentials: credentialsOf(server, next) });
    await expectRefused(after, tlsClient(after.port, old ? { leaf: old } : {}), 'unknown-authority');
  });

  it('accepts a trust domain alias', async () => {
    const at = await listener({ mode: 'STRICT', trustDomainAliases: ['foreign.example'] });
    const [result] = await Promise.all([
      at.next(),
      tlsClient(at.port, { leaf: leafWith('foreign-trust-domain') }),
    ]);
    expect(result).toMatchObject({ kind: 'admitted', principal: 'foreign.example/ns/shop/sa/web' });
  });

  it('refuses a rogue CA that is sent along in the chain', async () => {
    const at = await listener({ mode: 'STRICT' });
    const rogue = await createRoot({ name: 'shop' }, scene.clock);
    const leaf = await issueLeaf(rogue, { spiffeId: WEB, fault: 'none' }, scene.clock);
    const withRoot = { ...leaf, certificateChainPem: leaf.certificateChainPem + rogue.certificatePem };
    await expectRefused(at, tlsClient(at.port, { leaf: withRoot }), 'unknown-authority');
  });

  it('names the authority first where a certificate has two faults', async () => {
    const at = await listener({ mode: 'STRICT' });
    const rogue = await createRoot({ name: 'shop' }, scene.clock);
    const leaf = await issueLeaf(rogue, { spiffeId: WEB, fault: 'expired' }, scene.clock);
    await expectRefused(at, tlsClient(at.port, { leaf }), 'unknown-authority');
  });
});

describe('many at once', () => {
  it('never gives one client the identity of another, sixty handshakes at a time', async () => {
    const at = await listener({ mode: 'STRICT' });
    const names = Array.from({ length: 60 }, (_, i) => `client-${i}`);
    const clients = await Promise.all(
      names.map(async (name, i) => {
        const fault = i % 3 === 2 ? 'rogue-ca' : 'none';
        const spiffeId = `spiffe://cluster.local/ns/shop/sa/${name}`;
        return { name, leaf: await issueLeaf(scene.root, { spiffeId, fault }, scene.clock) };
      }),
    );
    const ends = Promise.all(clients.map(({ name, leaf }) => tlsClient(at.port, { leaf, send: `${name};` })));
    const results = await Promise.all(clients.map(() => at.next()));
    const admitted = results.filter((result) => result.kind === 'admitted');
    expect(admitted).toHaveLength(40);
    // What was read from a stream was sent by the owner of its identity.
    for (const { stream, spiffeId } of admitted)
      expect(await at.sentOn(stream)).toBe(`${spiffeId?.split('/').at(-1)};`);
    await ends;
  });

  it('admits a client whose bytes come one at a time', async () => {
    const at = await listener({ mode: 'STRICT' });
    const relay = net.createServer((from) => {
      const to = net.connect({ port: at.port, host: '127.0.0.1', noDelay: true });
      to.on('error', () => from.destroy())
        .on('end', () => from.end())
        .on('close', () => from.destroy());
      to.on('data', (data: Buffer) => from.write(data));
      let last = Promise.resolve();
      from.on('error', () => to.destroy()).on('close', () => to.destroy());
      from.on('data', (data: Buffer) => {
        for (const byte of data) {
          last = last.then(
            () => new Promise((resolve) => to.write(Buffer.of(byte), () => setImmediate(resolve))),
          );
        }
      });
    });
    const port = await listenLocally(relay);
    const [result, end] = await Promise.all([at.next(), tlsClient(port, { leaf: leafWith('none') })]);
    await new Promise((resolve) => relay.close(resolve));
    expect(result).toMatchObject({ kind: 'admitted', spiffeId: WEB });
    expect(end.got).toBe(SERVED);
  });
});

describe('chains', () => {
  it('accepts a leaf under an intermediate authority that the client sends along', async () => {
    const at = await listener({ mode: 'STRICT' });
    const [result] = await Promise.all([at.next(), tlsClient(at.port, { leaf: await leafUnder(1) })]);
    expect(result).toMatchObject({ kind: 'admitted', spiffeId: WEB });
  });

  it('refuses a leaf under an intermediate authority that is missing', async () => {
    const at = await listener({ mode: 'STRICT' });
    const leaf = await leafUnder(1);
    const [alone = ''] = leaf.certificateChainPem.split(/(?<=-----END CERTIFICATE-----\n)/);
    await expectRefused(
      at,
      tlsClient(at.port, { leaf: { ...leaf, certificateChainPem: alone } }),
      'unknown-authority',
    );
  });

  it('refuses a chain of more than eight certificates', async () => {
    const at = await listener({ mode: 'STRICT' });
    const [result] = await Promise.all([at.next(), tlsClient(at.port, { leaf: await leafUnder(7) })]);
    expect(result.kind).toBe('admitted');
    at.received.length = 0;
    await expectRefused(at, tlsClient(at.port, { leaf: await leafUnder(8) }), 'unknown-authority');
  });

  it('refuses a certificate whose URI name has a NUL in it, as unreadable', async () => {
    const at = await listener({ mode: 'STRICT' });
    const leaf = await leafUnder(0, `${WEB}\0.evil.example`);
    await expectRefused(at, tlsClient(at.port, { leaf }), 'malformed-certificate');
  });
});

/** A good leaf, signed through so many authorities below the root. */
async function leafUnder(authorities: number, uriSan = WEB): Promise<IssuedLeaf> {
  const hour = 60 * 60 * 1000;
  const validity = { notBefore: Date.now() - hour, notAfter: Date.now() + hour };
  let signer = signerOf(scene.root);
  let above = '';
  for (let i = 0; i < authorities; i += 1) {
    const { publicKey, privateKey } = await generateEcKeyPair();
    const subject = { commonName: `authority ${i}` };
    const usage = { ca: true, keyUsage: ['keyCertSign'], extendedKeyUsage: null, uriSans: [] } as const;
    above = issueCertificate({ subject, publicKey, ...validity, ...usage }, signer) + above;
    signer = { privateKey, subject, keyId: keyIdOf(publicKey) };
  }
  const { publicKey, privateKey } = await generateEcKeyPair();
  const usage = { ca: false, keyUsage: ['digitalSignature'], extendedKeyUsage: ['clientAuth'] } as const;
  const own = issueCertificate({ subject: {}, publicKey, ...validity, ...usage, uriSans: [uriSan] }, signer);
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { certificateChainPem: own + above, privateKey: new Secret(pem), ...validity };
}

describe('what TLS itself may not do', () => {
  it('speaks no TLS 1.1', async () => {
    const at = await listener({ mode: 'STRICT' });
    const client = tlsClient(at.port, {
      leaf: leafWith('none'),
      minVersion: 'TLSv1.1',
      maxVersion: 'TLSv1.1',
    });
    await expectRefused(at, client, 'tls-version', 'tls: UNSUPPORTED_PROTOCOL');
  });

  it('names a client that shares no cipher', async () => {
    const at = await listener({ mode: 'STRICT' });
    const client = tlsClient(at.port, {
      leaf: leafWith('none'),
      maxVersion: 'TLSv1.2',
      ciphers: 'ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0',
    });
    await expectRefused(at, client, 'no-shared-cipher', 'tls: NO_SHARED_CIPHER');
  });

  it('resumes no session, TLS 1.2 and 1.3, also for the client to whom it belongs', async () => {
    const at = await listener({ mode: 'STRICT' });
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const before = await goodSession(at, version);
      const [result, end] = await Promise.all([
        at.next(),
        tlsClient(at.port, { leaf: leafWith('none'), maxVersion: version, ...before }),
      ]);
      expect(result).toMatchObject({ kind: 'admitted', tls: { resumed: false } });
      expect(end.resumed).toBe(false);
    }
  });

  it("doesn't renegotiate: a client can't change its certificate after the gate", async () => {
    const at = await listener({ mode: 'STRICT' });
    const { certificateChainPem, privateKey } = leafWith('none');
    const options = { rejectUnauthorized: false, maxVersion: 'TLSv1.2', ALPNProtocols: ['istio'] } as const;
    const socket = tls.connect({
      host: '127.0.0.1',
      port: at.port,
      cert: certificateChainPem,
      key: privateKey.reveal(),
      ...options,
    });
    const ended = new Promise<string>((resolve) => {
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      socket.once('close', () => resolve('closed'));
    });
    const [result] = await Promise.all([at.next(), once(socket, 'secureConnect')]);
    expect(result.kind).toBe('admitted');
    socket.resume();
    const renegotiated = new Promise<string>((resolve) => {
      socket.renegotiate({ rejectUnauthorized: false }, (error) =>
        resolve(error ? error.message : 'renegotiated'),
      );
    });
    expect(await Promise.race([renegotiated, ended])).toMatch(/NO_RENEGOTIATION|closed/i);
    socket.destroy();
  });
});

/** The ClientHello of node:tls, as it leaves. */
function captureHello(): Promise<Buffer> {
  return new Promise((resolve) => {
    const server = net.createServer((raw) => {
      raw.once('data', (data: Buffer) => {
        raw.destroy();
        server.close();
        resolve(data);
      });
    });
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      tls
        .connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ALPNProtocols: ['istio'] })
        .on('error', () => undefined);
    });
  });
}
