import type { HttpMatchSpec } from '../../model/istio/virtual-service.ts';

/** A match that asks for nothing. */
export function anyRequest(): HttpMatchSpec {
  return {
    name: '',
    ignoreUriCase: false,
    headers: {},
    withoutHeaders: {},
    queryParams: {},
    port: 0,
    sourceLabels: {},
    sourceNamespace: '',
    gateways: [],
  };
}
