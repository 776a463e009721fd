/**
 * Requests on HTTP/2 connections at an inbound listener, in Envoy's order: codec checks, normalization, XFCC, policy,
 * forward. A request reaches the application through `pass` only, which is called in one place, after an `allow`.
 */
import type { Duplex } from 'node:stream';
import type { Decision } from '../../model/decision.ts';
import type { HttpFacts } from '../../model/request-facts.ts';
import type { TrafficEvent } from '../../model/traffic-event.ts';
import type { DecodedBlock } from '../../wire/http2/hpack-decoder.ts';
import { statedLength } from '../../wire/http2/message-fields.ts';
import type { ConnectionFault } from '../../wire/http2/protocol.ts';
import type { Http2Stream, Then } from '../../wire/http2/stream.ts';
import { upstreamAnswerHeaders } from '../answer.ts';
import { challenge } from '../challenge.ts';
import type { Core } from '../core.ts';
import { decisionOf, endedAs } from '../error-table.ts';
import {
  placeOf,
  PLAINTEXT_ON_STRICT,
  sourceOf,
  strictNow,
  type InboundConnection,
} from '../inbound-connection.ts';
import { recordInbound, type Judged } from '../inbound-http.ts';
import {
  explainAfterPolicies,
  inboundHeaders,
  isJudgedAtOnce,
  judgeAtOnce,
  judgeInbound,
  type Judgement,
} from '../inbound-judge.ts';
import { requestBody } from '../validation/request-body.ts';
import type { PendingValidation } from '../validation/validate.ts';
import { now } from '../moment.ts';
import { Http2Link } from './link.ts';
import { localAnswer } from './local-answer.ts';
import { readRequest, unreadRequest } from './read-request.ts';
import { ServerExchange } from './server-exchange.ts';
import type { UpstreamRequest } from './upstream.ts';
import { applicationUpstream } from './upstreams.ts';

/** Takes over an admitted connection that speaks HTTP/2. */
export function acceptInboundHttp2(
  core: Core,
  socket: Duplex,
  connection: InboundConnection,
): Http2Link<ServerExchange> {
  const link: Http2Link<ServerExchange> = new Http2Link(
    'server',
    socket,
    {
      head: (stream, block, then) => begin(core, connection, link, stream, block, then),
      data: (stream, bytes, then) => stream.context?.onData(bytes, then),
      trailers: (stream, block) => stream.context?.onTrailers(block),
      reset: (stream) => stream.context?.onReset(),
      sent: (stream, count) => stream.context?.onSent(count),
      closed: () => undefined,
      over: (fault) => {
        if (fault !== null) recordFault(core, connection, fault);
      },
    },
    core.limits,
  );
  return link;
}

/** A connection that broke the protocol, or a budget. */
function recordFault(core: Core, connection: InboundConnection, fault: ConnectionFault): void {
  const place = placeOf(core, connection.instance, connection.port);
  if (place === null) return;
  const decision: Decision = {
    verdict: 'deny',
    phase: 'codec',
    reason: fault.reason,
    matched: null,
    details: 'http2.protocol_error',
  };
  const source = { ...sourceOf(core, connection.endpoints) };
  const base = {
    core,
    place,
    connection,
    source,
    at: connection.acceptedAt,
    explanation: null,
    findings: [],
    told: [],
  };
  recordInbound({ ...base, request: null, decision }, null);
}

function begin(
  core: Core,
  connection: InboundConnection,
  link: Http2Link<ServerExchange>,
  stream: Http2Stream<ServerExchange>,
  block: DecodedBlock,
  then: Then,
): void {
  const place = placeOf(core, connection.instance, connection.port);
  if (place === null) {
    link.socket.destroy();
    return;
  }
  const exchange = new ServerExchange(link, stream);
  const source = { ...sourceOf(core, connection.endpoints) };
  const base = { core, place, connection, source, at: now(), explanation: null, findings: [], told: [] };
  if (strictNow(place, connection)) {
    recordInbound({ ...base, request: unreadRequest(block), decision: PLAINTEXT_ON_STRICT }, null);
    link.socket.destroy();
    return;
  }
  const read = readRequest(block, then, place.inForce.snapshot.pathNormalization);
  if (read.kind === 'reset') {
    recordInbound({ ...base, request: unreadRequest(block), decision: read.decision }, null);
    exchange.refuseMessage(read.ends, read.code);
    return;
  }
  if (read.kind === 'refused') {
    refuse({ ...base, request: unreadRequest(block), decision: read.decision }, read.protocol, exchange);
    return;
  }
  const { request, path, protocol } = read;
  stream.expectedBytes = statedLength(request.headers);
  if (read.expectsContinue) exchange.inform(100, []);
  // Judged as any HTTP: what a denial looks like to a gRPC client is said where it is answered.
  const http: HttpFacts = {
    protocol: 'http2',
    method: request.method,
    path,
    rawPath: request.rawPath,
    host: request.host,
    headers: inboundHeaders(request.headers, place, connection),
    scheme: request.scheme.toLowerCase(),
  };
  const carry = (judgement: Judgement): void => {
    if (exchange.over) return;
    const { decision, findings } = judgement;
    const claims = judgement.claims === undefined ? {} : { claims: judgement.claims };
    const seen = { ...judgement.http, ...claims, protocol, bodyBytes: 0 };
    const judged: Judged = { ...base, request: seen, decision, findings, told: judgement.responseHeaders };
    if (decision.verdict === 'deny') {
      // A refused request is recorded as it came, its credentials taken out.
      const asCame = decision.phase === 'jwt' ? { ...http, protocol, bodyBytes: 0 } : seen;
      refuse({ ...judged, request: asCame, explanation: judgement.explain() }, protocol, exchange);
      return;
    }
    const onward: UpstreamRequest = {
      method: seen.method,
      path: seen.path,
      host: seen.host,
      scheme: request.scheme,
      headers: seen.headers,
      neverIndexed: block.neverIndexed,
      body: then === 'end' ? 'none' : 'follows',
    };
    if (judgement.validation === null) pass(judged, protocol, exchange, onward);
    else void passValid(judged, judgement.validation, exchange, { protocol, onward });
  };
  const bench = { core, place, connection, source };
  if (isJudgedAtOnce(place)) carry(judgeAtOnce(bench, http));
  else void judgeInbound(bench, http).then(carry);
}

/** Lets a request through that is what it must be; its body is read before. */
async function passValid(
  judged: Judged,
  { mostBytes, check }: PendingValidation,
  exchange: ServerExchange,
  { protocol, onward }: { protocol: 'http2' | 'grpc'; onward: UpstreamRequest },
): Promise<void> {
  const unread = mostBytes === null || onward.body === 'none';
  const read = unread ? { bytes: 0, whole: Buffer.alloc(0) } : await exchange.readBody(mostBytes);
  if (exchange.over) {
    recordInbound({ ...judged, decision: endedAs(judged.decision, 'client-gone') }, null);
    return;
  }
  const invalid = check(read.whole === null ? { bytes: read.bytes } : requestBody(read.whole));
  if (invalid === null && read.whole !== null) {
    pass(judged, protocol, exchange, onward);
    return;
  }
  const decision = invalid?.decision ?? decisionOf('internal-error');
  const explanation = explainAfterPolicies(
    decision,
    `Policies let it pass; ${invalid?.message ?? 'too long'}.`,
  );
  const told = [...judged.told, ...(invalid?.headers ?? [])];
  refuse({ ...judged, decision, explanation, told }, protocol, exchange);
}

function refuse(judged: Judged, protocol: 'http2' | 'grpc', exchange: ServerExchange): void {
  const answer = localAnswer(judged.decision, protocol, 'istio-envoy', [
    ...judged.told,
    ...challenge(judged),
  ]);
  const { status, headers, body, decision } = answer;
  recordInbound({ ...judged, decision }, { status, headers, bodyBytes: body.length, by: 'sidecar' });
  exchange.answer(status, headers, body, judged.request?.method === 'HEAD' ? 'head-only' : 'body');
}

function pass(
  judged: Judged,
  protocol: 'http2' | 'grpc',
  exchange: ServerExchange,
  request: UpstreamRequest,
): void {
  const { core, place } = judged;
  const seen = judged.request as NonNullable<TrafficEvent['request']>;
  const upstream = applicationUpstream(core, place);
  let attempts = 1;
  const send = (): void =>
    exchange.forward(upstream, request, {
      connected: () => undefined,
      responseHeaders: (fields, serviceMs) =>
        upstreamAnswerHeaders(fields, 'istio-envoy', serviceMs, judged.told),
      report: (outcome) => {
        const { status, headers, requestBytes, responseBytes, end } = outcome;
        recordInbound(
          {
            ...judged,
            request: { ...seen, bodyBytes: requestBytes },
            decision: endedAs(judged.decision, end),
          },
          status === null ? null : { status, headers, bodyBytes: responseBytes, by: 'upstream' },
        );
      },
      failed: ({ decision }, again) => {
        // Only a kept-alive connection that the application closed meanwhile.
        if (again && attempts === 1 && decision.reason === 'upstream-reset') {
          attempts += 1;
          send();
          return;
        }
        const asSent = { ...seen, bodyBytes: exchange.requestBytes };
        refuse({ ...judged, request: asSent, decision }, protocol, exchange);
      },
    });
  send();
}
