/**
 * Where an external authorizer is reached: a service of the mesh, over mutual TLS as to any peer, or a host outside of
 * it, in plaintext. null = nowhere, and then nobody answers.
 */
import type { Duplex } from 'node:stream';
import type { AuthorizerProvider } from '../../policy/custom/providers.ts';
import type { Core } from '../core.ts';
import { dialPlain } from '../dial-plain.ts';
import type { InForce } from '../in-force.ts';
import { dialPeer, pickEndpoint } from '../outbound-route.ts';
import type { InstanceSnapshot } from '../snapshot.ts';

/** How one instance reaches one authorizer. */
export interface AuthorizerRoute {
  /** Names everything that a connection's identity depends on. */
  key: string;
  /** A new connection, ready for its first byte; rejects when there is none to be had. */
  dial(): Promise<Duplex>;
}

/** The route from `from` to the provider's service, by the snapshot in force. */
export function authorizerRoute(
  core: Core,
  inForce: InForce,
  from: InstanceSnapshot,
  { service, port, protocol }: AuthorizerProvider,
): AuthorizerRoute | null {
  const key = ['authorizer', from.id, protocol, `${service}:${port}`].join('|');
  const outside = inForce.snapshot.externalHosts?.find((one) => one.host === service && one.port === port);
  if (outside !== undefined) {
    const { address } = outside;
    return {
      key: `${key}|${address.host}:${address.port}`,
      dial: () => dialPlain(core, address),
    };
  }
  const destination = inForce.destinationByHost(service, port, from.namespace);
  if (destination === null) return null;
  return {
    key,
    dial: async () => {
      const endpoint = pickEndpoint(core, inForce, destination);
      if (endpoint === null) throw new Error(`no healthy endpoint of ${service}:${port}`);
      const way = { inForce, from, destination, endpoint, tls: destination.port.tls };
      return (await dialPeer(core, way, null)).stream;
    },
  };
}
