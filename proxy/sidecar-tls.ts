/** Key material of every sidecar of a snapshot, made once and kept while its PEMs stay the same. */
import type { Problem } from '../model/problem.ts';
import type { InstanceSnapshot } from './snapshot.ts';
import { createInboundTls, createUpstreamTls, type InboundTls, type UpstreamTls } from './tls-material.ts';

export interface SidecarTls {
  /** Everything the material was made of; equal = may be kept. */
  fingerprint: string;
  http: InboundTls;
  tcp: InboundTls;
  upstream: UpstreamTls;
}

/** Istio's list for an inbound HTTP port. */
const HTTP_ALPN = ['h2', 'http/1.1'];
const TCP_ALPN = ['istio-peer-exchange'];

function make(
  instance: InstanceSnapshot,
  trustBundlePem: readonly string[],
  fingerprint: string,
): SidecarTls {
  const credentials = { ...instance.credentials, trustBundlePem };
  return {
    fingerprint,
    http: createInboundTls(credentials, HTTP_ALPN),
    tcp: createInboundTls(credentials, TCP_ALPN),
    upstream: createUpstreamTls(credentials),
  };
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
    const fingerprint = [certificateChainPem, privateKeyPem, ...trustBundlePem].join('\n');
    const kept = previous(instance.id);
    try {
      tls.set(
        instance.id,
        kept?.fingerprint === fingerprint ? kept : make(instance, trustBundlePem, fingerprint),
      );
    } catch (error) {
      // OpenSSL's words name what is wrong and never quote the key.
      const why = error instanceof Error ? error.message : String(error);
      problems.push({
        code: 'invalid-certificate',
        severity: 'error',
        message: `the certificate, key or roots of ${instance.id} cannot be used: ${why}`,
      });
    }
  }
  return { tls, problems };
}
