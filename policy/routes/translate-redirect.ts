/** A redirect, for clients at one port. */
import type { HttpRedirectSpec } from '../../model/istio/virtual-service.ts';
import type { RedirectAction } from './compiled-routes.ts';

export function translateRedirect(spec: HttpRedirectSpec, listenerPort: number): RedirectAction {
  return {
    kind: 'redirect',
    status: spec.redirectCode || 301,
    host: spec.authority || null,
    scheme: spec.scheme || null,
    port: portOf(spec, listenerPort),
    path: spec.prefixRewrite
      ? { kind: 'prefix', value: spec.prefixRewrite }
      : spec.uri
        ? { kind: 'replace', value: spec.uri }
        : null,
  };
}

/** The port of the scheme isn't written. */
function portOf({ port, derivePort, scheme }: HttpRedirectSpec, listenerPort: number): number | null {
  const wanted = port ?? (derivePort === 'FROM_REQUEST_PORT' ? listenerPort : undefined);
  if (wanted === undefined) return null;
  const to = scheme || 'http';
  return (wanted === 80 && to === 'http') || (wanted === 443 && to === 'https') ? null : wanted;
}
