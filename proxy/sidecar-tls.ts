/** Key material of every sidecar of a snapshot, made once and kept while its PEMs stay the same. */
import { messageOf } from '../model/message-of.ts';
import { MUX_ALPN } from '../wire/mux-frames.ts';
import type { Problem } from '../model/problem.ts';
import type { InstanceSnapshot, ServerCredentials } from './snapshot.ts';
import { asksForCertificate } from '../policy/gateway/gateway-connection.ts';
import type { PortServer } from '../policy/gateway/read-gateway.ts';
import { createInboundTls, createUpstreamTls, type InboundTls, type UpstreamTls } from './tls-material.ts';

export interface SidecarTls {
  /** Everything the material was made of; equal = may be kept. */
  fingerprint: string;
  readonly http: InboundTls;
  /** As `http`, and shared connections besides. */
  readonly shared: InboundTls;
  readonly tcp: InboundTls;
  upstream: UpstreamTls;
  /** Of a gateway's servers; null where its credential isn't there. */
  gateway(server: PortServer): InboundTls | null;
}

/** Istio's list for an inbound HTTP port, and for a gateway's. */
const HTTP_ALPN = ['h2', 'http/1.1'];
const TCP_ALPN = ['istio-peer-exchange'];
/** Istio's list where a gateway ends the mesh's own TLS and passes the bytes on; with other certificates it is HTTP's. */
const MESH_BYTES_ALPN = [...TCP_ALPN, ...HTTP_ALPN];

function make(
  instance: InstanceSnapshot,
  trustBundlePem: readonly string[],
  fingerprint: string,
): SidecarTls {
  const credentials = { ...instance.credentials, trustBundlePem };
  // What can't be used shows here; the rest is made of the same PEMs when it is first used, if ever.
  const upstream = createUpstreamTls(credentials);
  const http = lazily(() => createInboundTls(credentials, HTTP_ALPN));
  const shared = lazily(() => createInboundTls(credentials, [MUX_ALPN, ...HTTP_ALPN]));
  const tcp = lazily(() => createInboundTls(credentials, TCP_ALPN));
  return {
    fingerprint,
    get http() {
      return http();
    },
    get shared() {
      return shared();
    },
    get tcp() {
      return tcp();
    },
    upstream,
    gateway: gatewayTls(instance, trustBundlePem),
  };
}

/** In a large mesh most sidecars use little of their material, and each OpenSSL context is some 40 KB. */
function lazily<T>(make: () => T): () => T {
  let made: { value: T } | null = null;
  return () => (made ??= { value: make() }).value;
}

/** Made for every server at once: what can't be used shall be told before it is in force. */
function gatewayTls(
  instance: InstanceSnapshot,
  trustBundlePem: readonly string[],
): (server: PortServer) => InboundTls | null {
  const made = new Map<string, InboundTls>();
  for (const server of serversThatEndTls(instance)) {
    const credentials = serverCredentials(instance, server);
    const key = serverKey(server);
    if (credentials === null || made.has(key)) continue;
    const { clientRootsPem } = credentials;
    const clients = asksForCertificate(server) ? 'asked' : 'not-asked';
    // As in Istio, where a secret without a CA is none to such a server.
    if (clients === 'asked' && clientRootsPem === undefined) continue;
    const roots = clientRootsPem === undefined || clientRootsPem === 'mesh' ? trustBundlePem : clientRootsPem;
    made.set(key, createInboundTls({ ...credentials, trustBundlePem: roots }, alpnOf(server), clients));
  }
  return (server) => made.get(serverKey(server)) ?? null;
}

function serversThatEndTls({ gateway = [] }: InstanceSnapshot): PortServer[] {
  return gateway.flatMap(({ at }) => [...at.https, ...at.tls]);
}

function alpnOf({ server }: PortServer): readonly string[] {
  const mesh = server.tls?.mode === 'ISTIO_MUTUAL' && server.port.protocol.toUpperCase() === 'TLS';
  return mesh ? MESH_BYTES_ALPN : HTTP_ALPN;
}

function serverKey(served: PortServer): string {
  const { mode = null, credentialName = null } = served.server.tls ?? {};
  return JSON.stringify([mode, credentialName, alpnOf(served)]);
}

/** ISTIO_MUTUAL shows the workload's own certificate, and its clients are the mesh's. */
function serverCredentials(
  { credentials, serverCredentials }: InstanceSnapshot,
  { server }: PortServer,
): ServerCredentials | null {
  if (server.tls?.mode === 'ISTIO_MUTUAL') return { ...credentials, clientRootsPem: 'mesh' };
  return serverCredentials?.[server.tls?.credentialName ?? ''] ?? null;
}

/** Material for instances; one whose PEMs can't be used is a problem. */
export function materialFor(
  instances: readonly InstanceSnapshot[],
  trustBundlePem: readonly string[],
  previous: (instance: string) => SidecarTls | null,
): { tls: Map<string, SidecarTls>; problems: Problem[] } {
  const tls = new Map<string, SidecarTls>();
  const problems: Problem[] = [];
  for (const instance of instances) {
    const { certificateChainPem, privateKeyPem } = instance.credentials;
    const fingerprint = [
      certificateChainPem,
      privateKeyPem,
      ...trustBundlePem,
      JSON.stringify([instance.serverCredentials, serversThatEndTls(instance).map(({ server }) => server)]),
    ].join('\n');
    const kept = previous(instance.id);
    try {
      tls.set(
        instance.id,
        kept?.fingerprint === fingerprint ? kept : make(instance, trustBundlePem, fingerprint),
      );
    } catch (error) {
      // OpenSSL's words name what is wrong and never quote the key.
      const why = messageOf(error);
      problems.push({
        code: 'invalid-certificate',
        severity: 'error',
        message: `the certificate, key or roots of ${instance.id} cannot be used: ${why}`,
      });
    }
  }
  return { tls, problems };
}
