/**
 * The gate of a gateway: the server by the name that a client says first, the client's certificate by the server's
 * mode. The authority of a certificate counts here, not its trust domain.
 */
import type net from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Decision } from '../../model/decision.ts';
import { principalOf } from '../../model/spiffe-id.ts';
import type { TlsFacts } from '../../model/traffic-event.ts';
import {
  admitAt,
  asksForCertificate,
  asksForHello,
  type ReachedServer,
  serverAt,
  type ShownCertificate,
} from '../../policy/gateway/gateway-connection.ts';
import type { GatewayPort, PortServer } from '../../policy/gateway/read-gateway.ts';
import { judgeAuthority } from '../../wire/certificate-gate.ts';
import {
  admit,
  type Admitted,
  close,
  DEFAULT_TIMEOUTS,
  type GateSettings,
  helloFacts,
  type RefusalReason,
  type Refused,
  rulesOf,
  VERIFY_FAILED,
} from '../admission.ts';
import { atTheGate, hear, shakeHands } from '../gate-steps.ts';
import { peerCertificateOf, tlsFactsOf } from '../peer-certificate.ts';
import type { InboundTls } from '../tls-material.ts';

export interface GatewayContext {
  at: GatewayPort;
  /** Material of a server; null = it has no certificate to show. */
  tls(server: PortServer): InboundTls | null;
  gate: GateSettings;
}

/** Let in, and where it goes. */
export type AdmittedAtGateway = Admitted & Pick<ReachedServer, 'bytes'>;

/** As `acceptConnection`, at a gateway: the server by its name, the certificate by the server's mode. */
export function acceptAtGateway(
  raw: net.Socket,
  context: GatewayContext,
): Promise<AdmittedAtGateway | Refused> {
  return atTheGate(raw, () => admitAtGateway(raw, context));
}

async function admitAtGateway(
  raw: net.Socket,
  context: GatewayContext,
): Promise<AdmittedAtGateway | Refused> {
  const { at, gate } = context;
  // With plain HTTP or plain bytes there is nothing to choose: a ClientHello is the codec's to refuse, or bytes.
  if (!asksForHello(at))
    return { ...admit({ chain: 'plaintext', stream: raw, tls: null }), bytes: at.tcp?.chain ?? null };
  const timeouts = gate.timeouts ?? DEFAULT_TIMEOUTS;
  const heard = await hear(raw, timeouts.clientHelloMs);
  if (heard.kind === 'refused') return heard;
  const { hello } = heard;
  const reached = serverAt(at, hello);
  if ('verdict' in reached) return refuseAtGateway(raw, reached, helloFacts(hello));
  const { bytes } = reached;
  if (hello === 'plaintext') return { ...admit({ chain: 'plaintext', stream: raw, tls: null }), bytes };
  if (reached.tls === null)
    return { ...admit({ chain: 'tls-passthrough', stream: raw, tls: helloFacts(hello) }), bytes };
  const tls = context.tls(reached.tls);
  if (tls === null)
    return close(
      raw,
      'no-server-certificate',
      'the server has no certificate to show',
      null,
      helloFacts(hello),
    );
  const end = await shakeHands(raw, hello, tls, timeouts.handshakeMs);
  if (end.kind === 'refused') return end;
  const admitted = judgeAtGateway(end.socket, hello.sni, reached.tls, { roots: tls.roots, gate });
  return admitted.kind === 'refused' ? admitted : { ...admitted, bytes };
}

/** The authority of a certificate counts here, and the names that the server lists; not its trust domain. */
function judgeAtGateway(
  socket: TLSSocket,
  sni: string | null,
  server: PortServer,
  { roots, gate }: { roots: InboundTls['roots']; gate: GateSettings },
): Admitted | Refused {
  const peer = asksForCertificate(server) ? peerCertificateOf(socket, roots) : null;
  const tls = tlsFactsOf(socket, sni, peer);
  if (tls.resumed)
    return close(socket, 'resumed-session', 'a resumed session shows no certificate', VERIFY_FAILED, tls);
  const fault = peer === null ? null : judgeAuthority(peer, rulesOf(gate, 'client'));
  const spiffeId = peer?.facts.uriSans.find((uri) => uri.startsWith('spiffe://'));
  const shown: ShownCertificate =
    peer === null
      ? { kind: 'none' }
      : fault === null
        ? {
            kind: 'valid',
            principal: spiffeId === undefined ? '' : principalOf(spiffeId),
            names: peer.names,
          }
        : { kind: 'refused' };
  const admitted = admitAt(server, shown);
  if ('verdict' in admitted) {
    const message = fault?.ok === false ? fault.message : admitted.reason.replaceAll('-', ' ');
    return close(socket, admitted.reason as RefusalReason, message, admitted.details ?? null, tls);
  }
  return admit({
    chain: 'mtls',
    stream: socket,
    tls,
    ...(spiffeId === undefined ? {} : { spiffeId }),
    findings: [],
  });
}

function refuseAtGateway(raw: net.Socket, decision: Decision, tls: TlsFacts | null): Refused {
  const message = decision.reason.replaceAll('-', ' ');
  return close(raw, decision.reason as RefusalReason, message, decision.details ?? null, tls);
}
