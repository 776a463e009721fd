/**
 * Certificates of one's own that a DestinationRule names for a client's TLS: secrets by `credentialName`, or files of the
 * proxy's file system. Each has the name by which Istio's proxies ask for it (SDS).
 */
import type { ClientTlsSpec } from '../../model/istio/destination-rule.ts';

/** A certificate and its key, which servers are shown. */
export type NamedCertificate =
  | { kind: 'secret'; name: string }
  | { kind: 'files'; certificate: string; key: string };

/** Who signs for servers. */
export type NamedRoots = { kind: 'secret'; name: string } | { kind: 'file'; path: string };

export interface NamedSecrets {
  /** null = the client shows nothing. */
  certificate: NamedCertificate | null;
  /** null = the machine's own, or nobody is asked for. */
  roots: NamedRoots | null;
}

/** What `tls` needs besides itself. */
export function namedSecrets(tls: ClientTlsSpec): NamedSecrets {
  const { mode, credentialName, insecureSkipVerify, caCertificates } = tls;
  if (mode !== 'SIMPLE' && mode !== 'MUTUAL') return { certificate: null, roots: null };
  if (credentialName !== '') {
    const secret = { kind: 'secret', name: credentialName } as const;
    return { certificate: mode === 'MUTUAL' ? secret : null, roots: insecureSkipVerify ? null : secret };
  }
  const certificate =
    mode === 'MUTUAL'
      ? ({ kind: 'files', certificate: tls.clientCertificate, key: tls.privateKey } as const)
      : null;
  const system = caCertificates === '' || caCertificates === 'system';
  return { certificate, roots: insecureSkipVerify || system ? null : { kind: 'file', path: caCertificates } };
}

/** As in the configuration that istiod sends. */
export function certificateSds(named: NamedCertificate): string {
  return named.kind === 'secret'
    ? `kubernetes://${named.name}`
    : `file-cert:${named.certificate}~${named.key}`;
}

/** As in the configuration that istiod sends. */
export function rootsSds(named: NamedRoots): string {
  return named.kind === 'secret' ? `kubernetes://${named.name}-cacert` : `file-root:${named.path}`;
}
