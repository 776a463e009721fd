/** A connection beyond what a listener may have open is closed unheard, and told. */
import type { Phase } from '../model/decision.ts';
import type { PeerRef } from '../model/traffic-event.ts';
import type { Endpoints } from './connection-table.ts';
import { inForceFor, type Core } from './core.ts';
import { instancePeer } from './instance-peer.ts';
import { sourceOf } from './inbound-connection.ts';
import type { Site } from './listener-set.ts';
import { makeEvent } from './make-event.ts';
import { now } from './moment.ts';
import { aimOf, mayUse } from './outbound.ts';
import { aimedDestination, callerPeer } from './outbound-connection.ts';
import { destinationPeer } from './outbound-route.ts';
import type { InForce } from './in-force.ts';

/** Tells of one that `site` has no place for; a stream of a shared connection is one, too. */
export function tellTooMany(core: Core, site: Site, endpoints: Endpoints): void {
  const inForce = inForceFor(core, site.instance);
  const instance = inForce?.instance(site.instance) ?? null;
  if (inForce === null || instance === null) return;
  const { ip, tag } = sourceOf(core, endpoints);
  const byAddress = inForce.peer(ip, endpoints.remotePort, null);
  const phase: Phase = site.direction === 'inbound' ? 'mtls' : 'egress';
  const sentence = `the listener has as many connections as it may have (${core.limits.maxConnections})`;
  core.record(
    makeEvent({
      kind: 'connection',
      direction: site.direction,
      owner: instance.id,
      at: now(),
      ...(site.direction === 'inbound'
        ? {
            from: byAddress,
            to: instancePeer(instance, Number(site.key)),
          }
        : {
            from: mayUse(instance, endpoints) ? callerPeer(instance, endpoints) : byAddress,
            to: aimedPeer(inForce, site),
          }),
      decision: { verdict: 'deny', phase, reason: 'too-many-connections', matched: null },
      explanation: {
        sentence,
        trail: [{ phase, outcome: 'denied', note: sentence, rules: [] }],
        nearest: null,
      },
      snapshotVersion: inForce.snapshot.version,
      tag,
    }),
  );
}

function aimedPeer(inForce: InForce, { instance, key }: Site): PeerRef {
  const listener = inForce.outbound(instance, key);
  const aimed = listener === null ? null : aimedDestination(inForce, aimOf(listener));
  return destinationPeer(aimed, null, null);
}
