/**
 * Plain TCP at an inbound listener. As in Envoy, the application's connection is opened at once and policies are
 * asked at the client's first byte: a server that speaks first reaches even a client that will be denied, but no
 * byte of a denied client reaches the application.
 */
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Decision, Explanation, Finding } from '../model/decision.ts';
import type { RequestFacts } from '../model/request-facts.ts';
import type { CompiledPolicy } from '../policy/compiled-policy.ts';
import type { Core } from './core.ts';
import { decisionOf, withoutStatus } from './error-table.ts';
import {
  connectionFacts,
  connectionFindings,
  peersOf,
  placeOf,
  sourceOf,
  type InboundConnection,
} from './inbound-connection.ts';
import { type BytesVerdict, judgeBytes } from './judge-bytes.ts';
import { makeEvent } from './make-event.ts';
import type { InboundPort } from './snapshot.ts';
import { join } from './tcp-pair.ts';

const NO_BYTES: Decision = { verdict: 'allow', phase: 'default', reason: 'no-bytes', matched: null };

/** Carries the connection to its end and records one event. */
export function carryInboundTcp(core: Core, connection: InboundConnection, client: Duplex): void {
  const place = placeOf(core, connection.instance, connection.port);
  if (place === null) {
    client.destroy();
    return;
  }
  const { upstream } = place.port;
  const policy = tcpPolicyOf(place.port);
  if (policy === null) {
    client.destroy();
    return;
  }
  let source = { ...sourceOf(core, connection.endpoints) };
  let decision: Decision = NO_BYTES;
  let explanation: Explanation | null = null;
  const findings: Finding[] = [];
  let bytesIn = 0;
  let bytesOut = 0;
  const application = connect({ ...upstream, noDelay: true, allowHalfOpen: true });
  const carried = core.carried.begin(place.instance.id);
  let connected = false;
  application.once('connect', () => {
    connected = true;
  });
  join({
    client,
    upstream: application,
    connectTimeoutMs: core.limits.connectTimeoutMs,
    onClientBytes: (length) => {
      // A plaintext connection may outlive the snapshot that let it in: STRICT ends it at its next bytes.
      if (!connection.mtls && placeOf(core, connection.instance, connection.port)?.port.mtls === 'STRICT') {
        decision = PLAINTEXT_ON_STRICT;
        return false;
      }
      if (bytesIn === 0) {
        // Now the other side has registered itself for sure.
        source = { ...sourceOf(core, connection.endpoints) };
        const facts: RequestFacts = { connection: connectionFacts(place, connection, source), http: null };
        // The snapshot of this moment, which may be newer than the connection.
        const port = placeOf(core, connection.instance, connection.port)?.port;
        const current = (port === undefined ? null : tcpPolicyOf(port)) ?? policy;
        bytesIn += length;
        const { inForce, instance } = place;
        const verdict = judgeBytes({ core, inForce, instance, connection, source }, current, facts);
        const take = (told: BytesVerdict): boolean => {
          ({ decision, explanation } = told);
          findings.push(...told.findings);
          return decision.verdict === 'allow';
        };
        return verdict instanceof Promise ? verdict.then(take) : take(verdict);
      }
      bytesIn += length;
      return true;
    },
    onUpstreamBytes: (length) => {
      bytesOut += length;
    },
    onClose: () => {
      carried.end();
      if (!connected && decision.verdict === 'allow') decision = withoutStatus(decisionOf('connect-failure'));
      findings.push(...connectionFindings(place, connection, source));
      if (decision.verdict === 'deny' && bytesOut > 0) findings.push(BANNER);
      core.record(
        makeEvent({
          kind: 'tcp',
          direction: 'inbound',
          owner: place.instance.id,
          at: connection.acceptedAt,
          ...peersOf(place, connection, source),
          tls: connection.tls,
          decision,
          explanation,
          findings,
          snapshotVersion: place.inForce.snapshot.version,
          tag: source.tag,
        }),
      );
    },
  });
}

/** null: none was told, and bytes aren't let in. */
function tcpPolicyOf({ protocol, policy, tcpPolicy }: InboundPort): CompiledPolicy | null {
  return protocol === 'auto' ? (tcpPolicy ?? null) : policy;
}

const PLAINTEXT_ON_STRICT: Decision = {
  verdict: 'deny',
  phase: 'mtls',
  reason: 'plaintext-on-strict',
  matched: null,
  details: 'filter_chain_not_found',
};

const BANNER: Finding = {
  code: 'istio-allows',
  message: 'The application spoke first: a denied client got its greeting, as it would in the cluster.',
  remedy: 'Set the port to STRICT and deny by identity in front of servers whose greeting tells something.',
};
