/** TLS towards a cluster: the DestinationRule's, else mutual TLS wherever the endpoint has a sidecar. */
import type { ClientTlsSpec } from '../../model/istio/destination-rule.ts';
import { certificateSds, namedSecrets, rootsSds } from './named-secrets.ts';
import type { ClusterTls } from './compiled-routes.ts';
import type { RouteService } from './route-services.ts';

export interface TlsSide {
  service: RouteService;
  port: number;
  subset: string;
  /** Whether the client reads a rule's credentialName: gateways do, sidecars where the rule has a workloadSelector. */
  credentialNames: 'read' | 'unread';
}

export function clusterTls(tls: ClientTlsSpec | undefined, side: TlsSide): ClusterTls {
  const { service, port, subset, credentialNames } = side;
  const sni = `outbound_.${port}_.${subset}_.${service.host}`;
  if (tls === undefined) {
    if (service.external || service.resolution === 'none') return { mode: 'DISABLE' };
    return { mode: 'ISTIO_MUTUAL', auto: true, sni, subjectAltNames: [...service.subjectAltNames] };
  }
  const own = tls.subjectAltNames;
  switch (tls.mode) {
    case 'DISABLE':
      return { mode: 'DISABLE' };
    case 'ISTIO_MUTUAL':
      return {
        mode: 'ISTIO_MUTUAL',
        auto: false,
        sni: tls.sni || sni,
        subjectAltNames: own.length > 0 ? own : [...service.subjectAltNames],
      };
    case 'SIMPLE':
    case 'MUTUAL': {
      if (tls.credentialName !== '' && credentialNames === 'unread')
        return { mode: 'REFUSED', reason: 'credential-name-unread' };
      const names = own.length === 0 && service.registry === 'external' ? [...service.subjectAltNames] : own;
      const verify = !tls.insecureSkipVerify;
      const { certificate, roots } = namedSecrets(tls);
      return {
        mode: 'SIMPLE',
        sni: tls.sni || null,
        subjectAltNames: names,
        verify,
        verifyHost: verify && tls.sni === '' && own.length === 0,
        certificate: certificate && certificateSds(certificate),
        roots: roots && rootsSds(roots),
      };
    }
  }
}
