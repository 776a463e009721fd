/** An external authorizer of which only its address is said. */
import type { AuthorizerProvider } from '../../policy/custom/providers.ts';

export const PROVIDER: AuthorizerProvider = {
  name: 'authz',
  protocol: 'http',
  service: 'authz.example',
  port: 8000,
  timeoutMs: 500,
  failOpen: false,
  statusOnError: 403,
  pathPrefix: '',
  requestHeaders: [],
  additionalHeaders: [],
  upstreamOnAllow: [],
  downstreamOnDeny: [],
  downstreamOnAllow: [],
};
