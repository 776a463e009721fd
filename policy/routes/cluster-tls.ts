/** TLS towards a cluster: the DestinationRule's, else mutual TLS wherever the endpoint has a sidecar. */
import type { ClientTlsSpec } from '../../model/istio/destination-rule.ts';
import type { ClusterTls } from './compiled-routes.ts';
import type { RouteService } from './route-services.ts';

export interface TlsSide {
  service: RouteService;
  port: number;
  subset: string;
}

/** `MUTUAL` with certificates of one's own is refused at admission: there are no files of the pod's here. */
export function clusterTls(tls: ClientTlsSpec | undefined, { service, port, subset }: TlsSide): ClusterTls {
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
      const names = own.length === 0 && service.registry === 'external' ? [...service.subjectAltNames] : own;
      const verify = !tls.insecureSkipVerify;
      return {
        mode: 'SIMPLE',
        sni: tls.sni || null,
        subjectAltNames: names,
        verify,
        verifyHost: verify && tls.sni === '' && own.length === 0,
      };
    }
  }
}
