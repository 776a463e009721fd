/** Authorities outside of any mesh, certificates in files, and servers that ask for clients' certificates. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import { issueLeaf, issueServerCertificate } from '../../mesh/pki/issuer.ts';
import type { IssuedLeaf } from '../../mesh/pki/leaf.ts';
import { listenLocally } from './local-server.ts';
import { createScene } from './mtls-listener.ts';

const TTL_MS = 600_000;

export interface PartnerAuthority {
  pem: string;
  server(name: string): Promise<IssuedLeaf>;
  client(): Promise<IssuedLeaf>;
}

/** An authority that nobody believes by default. */
export async function partnerAuthority(): Promise<PartnerAuthority> {
  const { root, clock } = await createScene();
  return {
    pem: root.certificatePem,
    server: async (name) => await issueServerCertificate(root, { dnsNames: [name], ttlMs: TTL_MS }, clock),
    client: async () =>
      await issueLeaf(
        root,
        { spiffeId: 'spiffe://partner.example/client', fault: 'none', ttlMs: TTL_MS },
        clock,
      ),
  };
}

/** `client.pem`, `key.pem` (its owner's alone) and `ca.pem` in `folder`, in the place of those that are there. */
export async function writeClientFiles(folder: string, leaf: IssuedLeaf, ca: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, text, mode] of [
    ['client.pem', leaf.certificateChainPem, 0o644],
    ['key.pem', leaf.privateKey.reveal(), 0o600],
    ['ca.pem', ca, 0o644],
  ] as const) {
    await rm(join(folder, name), { force: true });
    await writeFile(join(folder, name), text, { mode });
  }
}

export function fingerprintOf({ certificateChainPem }: IssuedLeaf): string {
  return new X509Certificate(certificateChainPem).fingerprint256;
}

export interface PartnerServer {
  port: number;
  /** Fingerprint of the certificate with which each request came; null = without any. */
  shown: (string | null)[];
  /** Connections at all, whatever came of them. */
  connections: number;
  close(): Promise<void>;
}

/** Answers 200 over TLS, one request a connection. `clients`: who must have signed for them; null = they needn't show any. */
export async function startPartner(
  own: IssuedLeaf,
  clients: string | null,
  maxVersion: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.3',
): Promise<PartnerServer> {
  const shown: (string | null)[] = [];
  const server: Server = createServer(
    {
      cert: own.certificateChainPem,
      key: own.privateKey.reveal(),
      requestCert: true,
      maxVersion,
      rejectUnauthorized: clients !== null,
      ...(clients === null ? {} : { ca: clients }),
    },
    (request, response) => {
      const certificate = (request.socket as TLSSocket).getPeerX509Certificate();
      shown.push(certificate?.fingerprint256 ?? null);
      response.setHeader('connection', 'close');
      response.end('served');
    },
  );
  server.on('tlsClientError', () => undefined);
  const partner: PartnerServer = {
    port: await listenLocally(server),
    shown,
    connections: 0,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  server.on('connection', () => {
    partner.connections += 1;
  });
  return partner;
}

/**
 * OpenSSL's own server, whose certificate is the `client.pem` of `folder`. Who shows no certificate of `ca.pem` gets an
 * alert, which Node's servers don't send.
 */
export async function startAlertingPartner(folder: string): Promise<Pick<PartnerServer, 'port' | 'close'>> {
  const words = ['s_server', '-accept', '127.0.0.1:0', '-cert', 'client.pem', '-key', 'key.pem'];
  const server = spawn(
    'openssl',
    [...words, '-CAfile', 'ca.pem', '-Verify', '1', '-verify_return_error', '-www'],
    {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  const ended = once(server, 'close');
  let said = '';
  for await (const chunk of server.stdout) {
    said += String(chunk);
    const [, port] = /^ACCEPT .*:(\d+)$/m.exec(said) ?? [];
    if (port === undefined) continue;
    const close = async (): Promise<void> => {
      server.kill();
      await ended;
    };
    return { port: Number(port), close };
  }
  throw new Error(`openssl s_server ended: ${said}`);
}
