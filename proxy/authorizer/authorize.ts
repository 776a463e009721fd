/** The data plane's `Authorize`: asks the external authorizer of a CUSTOM policy. What can't be asked has failed. */
import type { Authorize } from '../../policy/custom/apply-answer.ts';
import type { AuthorizeConnection } from '../../policy/custom/ask-about-connection.ts';
import type { AuthorizationCheck } from '../../policy/custom/authorization-check.ts';
import type { HttpFacts } from '../../model/request-facts.ts';
import {
  type CheckedRequest,
  encodeCheckConnection,
  encodeCheckRequest,
} from '../../wire/authorization-messages.ts';
import type { Core } from '../core.ts';
import type { InForce } from '../in-force.ts';
import type { InstanceSnapshot } from '../snapshot.ts';
import { askGrpc } from './ask-grpc.ts';
import { askHttp } from './ask-http.ts';
import { authorizerRoute } from './authorizer-route.ts';

/** Where the request came in, as a gRPC authorizer is told it. */
export interface Asking {
  core: Core;
  inForce: InForce;
  instance: InstanceSnapshot;
  source: CheckedRequest['source'];
  /** Workload port. */
  port: number;
  scheme: 'http' | 'https';
  protocol: HttpFacts['protocol'];
}

/** Asks on behalf of `asking`'s sidecar, by the snapshot that is in force there. */
export function authorizeBy(asking: Asking): Authorize {
  const { core, inForce, instance } = asking;
  return async (check) => {
    const { provider } = check;
    const route = authorizerRoute(core, inForce, instance, provider);
    if (route === null) return { kind: 'failed', asked: false };
    if (provider.protocol === 'http') return askHttp(check, core.pools.agent(route.key, route.dial));
    const request = checkedRequest(asking, check);
    const question = { message: encodeCheckRequest(request), headers: request.headers };
    return askGrpc(core.authorizers.session(route), question, provider.timeoutMs);
  };
}

/** The same about a connection that isn't HTTP. */
export function authorizeConnectionBy(
  asking: Pick<Asking, 'core' | 'inForce' | 'instance' | 'source' | 'port'>,
): AuthorizeConnection {
  const { core, inForce, instance, source, port } = asking;
  return async (provider) => {
    const route = authorizerRoute(core, inForce, instance, provider);
    if (route === null) return 'failed';
    const destination = { address: instance.podIp, port, principal: instance.spiffeId };
    const message = encodeCheckConnection({ source, destination, at: Math.floor(Date.now() / 1000) });
    const answer = await askGrpc(
      core.authorizers.session(route),
      { message, headers: [] },
      provider.timeoutMs,
    );
    if (answer.kind === 'failed') return 'failed';
    return answer.kind === 'grpc-allowed' ? 'allowed' : 'denied';
  };
}

function checkedRequest(asking: Asking, check: AuthorizationCheck): CheckedRequest {
  const { instance, port, source, scheme, protocol } = asking;
  const { method, path, host, headers } = check;
  return {
    source,
    destination: { address: instance.podIp, port, principal: instance.spiffeId },
    at: Math.floor(Date.now() / 1000),
    id: headers.find(([name]) => name === 'x-request-id')?.[1] ?? '',
    method,
    scheme,
    host,
    path,
    protocol: protocol === 'http1' ? 'HTTP/1.1' : 'HTTP/2',
    headers,
  };
}
