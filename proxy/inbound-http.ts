/**
 * Requests at an inbound listener, in Envoy's order: codec checks, normalization, XFCC, policy, forward. A request
 * reaches the application through `forward` only, and `forward` is called in one place, after an `allow`.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Decision, Explanation, Finding } from '../model/decision.ts';
import type { PathNormalization } from '../model/mesh.ts';
import type { HeaderList } from '../model/request-facts.ts';
import type { TrafficEvent } from '../model/traffic-event.ts';
import { checkRequestHead, type Http1Request } from '../wire/http1-request-checks.ts';
import { normalizePath } from '../wire/path-normalization.ts';
import { answer, answerHeaders, rawAnswer, upstreamAnswerHeaders } from './answer.ts';
import type { Source } from './connection-table.ts';
import { challenge } from './challenge.ts';
import type { Core } from './core.ts';
import { decisionOf, endedAs, type Failure } from './error-table.ts';
import type { ForwardReport } from './forward-http.ts';
import { applicationCarrier } from './http1-carrier.ts';
import { createHttpLane, type Detached, type HttpLane } from './http-lane.ts';
import {
  connectionFindings,
  peersOf,
  placeOf,
  PLAINTEXT_ON_STRICT,
  sourceOf,
  strictNow,
  type InboundConnection,
  type InboundPlace,
} from './inbound-connection.ts';
import { inboundHeaders, judgeInbound } from './inbound-judge.ts';
import { validateHttp1 } from './validation/validate-http1.ts';
import type { PendingValidation } from './validation/validate.ts';
import { makeEvent } from './make-event.ts';
import { headerValue } from './request-headers.ts';
import { now, type Moment } from './moment.ts';
import { unreadRequest } from './unread-request.ts';

/** What is known of a request when its event is made. */
export interface Judged {
  core: Core;
  place: InboundPlace;
  connection: InboundConnection;
  source: Source;
  at: Moment;
  request: TrafficEvent['request'];
  decision: Decision;
  explanation: Explanation | null;
  findings: readonly Finding[];
  /** For the client, by an external authorizer. */
  told: HeaderList;
}

/** Tells an inbound exchange. */
export function recordInbound(judged: Judged, response: TrafficEvent['response']): void {
  const { core, place, connection, source } = judged;
  core.record(
    makeEvent({
      kind: 'http',
      direction: 'inbound',
      owner: place.instance.id,
      at: judged.at,
      ...peersOf(place, connection, source),
      tls: connection.tls,
      request: judged.request,
      response,
      decision: judged.decision,
      explanation: judged.explanation,
      findings: [...connectionFindings(place, connection, source), ...judged.findings],
      snapshotVersion: place.inForce.snapshot.version,
      requestId: judged.request === null ? null : headerValue(judged.request.headers, 'x-request-id'),
      tag: source.tag,
    }),
  );
}

type ReadRequest = { request: Http1Request; path: string } | { refused: Decision };

/** Everything before the filters; the path is normalized as `mode` says. */
export function readRequest(message: IncomingMessage, mode: PathNormalization): ReadRequest {
  const checked = checkRequestHead({
    method: message.method ?? '',
    target: message.url ?? '',
    version: message.httpVersion,
    rawHeaders: message.rawHeaders,
  });
  if ('refusal' in checked) {
    const { status, body, details, reason } = checked.refusal;
    return { refused: { verdict: 'deny', phase: 'codec', reason, matched: null, status, body, details } };
  }
  const { request } = checked;
  if (request.method === 'CONNECT' || (request.upgrade !== null && request.upgrade !== 'websocket')) {
    return { refused: decisionOf('upgrade-refused') };
  }
  // Where a body and a tunnel begin at the same byte, two parsers read two things.
  if (request.upgrade !== null && request.body !== 'none')
    return { refused: decisionOf('upgrade-refused', 'upgrade-with-body') };
  const normalized = normalizePath(request.rawPath, mode);
  if (normalized.kind === 'refused') return { refused: decisionOf('normalization-failed') };
  return { request, path: normalized.path };
}

async function exchange(
  core: Core,
  connection: InboundConnection,
  message: IncomingMessage,
  response: ServerResponse,
  detached: Detached | null,
): Promise<void> {
  const place = placeOf(core, connection.instance, connection.port);
  if (place === null) {
    message.socket.destroy();
    return;
  }
  const at = now();
  const source = { ...sourceOf(core, connection.endpoints) };
  const base = { core, place, connection, source, at, explanation: null, findings: [], told: [] };
  if (strictNow(place, connection)) {
    recordInbound({ ...base, request: unreadRequest(message), decision: PLAINTEXT_ON_STRICT }, null);
    message.socket.destroy();
    return;
  }
  const read = readRequest(message, place.inForce.snapshot.pathNormalization);
  if ('refused' in read) {
    await refuse({ ...base, request: unreadRequest(message), decision: read.refused }, message, response);
    return;
  }
  const { request, path } = read;
  const http = {
    protocol: 'http1' as const,
    method: request.method,
    path,
    rawPath: request.rawPath,
    host: request.host,
    headers: inboundHeaders(request.headers, place, connection),
  };
  const judgement = await judgeInbound({ core, place, connection, source }, http);
  const { decision, findings } = judgement;
  const claims = judgement.claims === undefined ? {} : { claims: judgement.claims };
  const seen = { ...judgement.http, ...claims, bodyBytes: 0 };
  const judged: Judged = { ...base, request: seen, decision, findings, told: judgement.responseHeaders };
  if (decision.verdict === 'deny') {
    // A refused request is recorded as it came, its credentials taken out.
    const request = decision.phase === 'jwt' ? { ...http, bodyBytes: 0 } : seen;
    await refuse({ ...judged, request, explanation: judgement.explain() }, message, response);
    return;
  }
  const { validation } = judgement;
  if (validation === null) {
    await pass(judged, request, message, response, detached);
    return;
  }
  await passValid(judged, validation, request, { message, response, detached });
}

/** A body that is all there waits for no 100. */
function unawaited(judged: Judged): Judged {
  const { request } = judged;
  if (request === null) return judged;
  return {
    ...judged,
    request: { ...request, headers: request.headers.filter(([name]) => name !== 'expect') },
  };
}

interface Wire {
  message: IncomingMessage;
  response: ServerResponse;
  detached: Detached | null;
}

/** Lets a request through that is what it must be; its body is read before. */
async function passValid(
  judged: Judged,
  validation: PendingValidation,
  request: Http1Request,
  wire: Wire,
): Promise<void> {
  const { message, response, detached } = wire;
  const validated = await validateHttp1(validation, request, wire);
  switch (validated.kind) {
    case 'gone':
      recordInbound({ ...judged, decision: endedAs(judged.decision, 'client-gone') }, null);
      return;
    case 'valid': {
      const read = validated.message !== message;
      await pass(read ? unawaited(judged) : judged, request, validated.message, response, detached);
      return;
    }
    case 'invalid': {
      const { decision, explanation, headers } = validated;
      const told = [...judged.told, ...headers];
      await refuse({ ...judged, decision, explanation, told }, message, response);
    }
  }
}

function refuse(judged: Judged, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const headers = [...answerHeaders(judged.decision, 'istio-envoy', judged.told), ...challenge(judged)];
  const status = judged.decision.status ?? 403;
  recordInbound(judged, {
    status,
    headers,
    bodyBytes: Buffer.byteLength(judged.decision.body ?? ''),
    by: 'sidecar',
  });
  return answer(message, response, judged.decision, headers);
}

async function pass(
  judged: Judged,
  request: Http1Request,
  message: IncomingMessage,
  response: ServerResponse,
  detached: Detached | null,
): Promise<void> {
  const { core, place } = judged;
  const http = judged.request as NonNullable<TrafficEvent['request']>;
  const report = (outcome: ForwardReport): void => {
    recordInbound(
      {
        ...judged,
        request: { ...http, bodyBytes: outcome.requestBytes },
        decision: endedAs(judged.decision, outcome.end),
      },
      outcome.status === null
        ? null
        : {
            status: outcome.status,
            headers: outcome.headers,
            bodyBytes: outcome.responseBytes,
            by: 'upstream',
          },
    );
  };
  const carrier = applicationCarrier(core, place);
  const send = () =>
    carrier({
      request: message,
      response,
      detached,
      method: http.method,
      path: http.path,
      host: http.host,
      headers: http.headers,
      body: request.body,
      upgrade: request.upgrade,
      onConnection: () => undefined,
      responseHeaders: (fields, serviceMs) =>
        upstreamAnswerHeaders(fields, 'istio-envoy', serviceMs, judged.told),
      report,
    });
  let result = await send();
  // Only a kept-alive connection that the application closed meanwhile, and only for a request without effects.
  if (result.kind === 'failed' && result.unsent && result.decision.reason === 'upstream-reset')
    result = await send();
  if (result.kind === 'failed')
    await refuse(
      { ...judged, request: { ...http, bodyBytes: result.requestBytes }, decision: result.decision },
      message,
      response,
    );
}

/** Tells that no request could be read, and gives the answer's bytes. */
export function brokenInbound(
  core: Core,
  connection: InboundConnection,
  failure: Failure,
  code: string,
): string {
  const decision = decisionOf(failure, `${failure}-${code.toLowerCase().replaceAll('_', '-')}`);
  const place = placeOf(core, connection.instance, connection.port);
  if (place === null) return '';
  const source = sourceOf(core, connection.endpoints);
  const judged = {
    core,
    place,
    connection,
    source,
    at: now(),
    request: null,
    explanation: null,
    findings: [],
    told: [],
  };
  if (strictNow(place, connection)) {
    recordInbound({ ...judged, decision: PLAINTEXT_ON_STRICT }, null);
    return '';
  }
  const body = decision.body ?? '';
  recordInbound(
    { ...judged, decision },
    {
      status: decision.status ?? 400,
      headers: answerHeaders(decision, 'istio-envoy'),
      bodyBytes: body.length,
      by: 'sidecar',
    },
  );
  return rawAnswer(decision, 'istio-envoy');
}

/** The lane of all inbound HTTP connections. */
export function createInboundLane(core: Core): HttpLane<InboundConnection> {
  return createHttpLane(core.limits, {
    exchange: (connection, request, response, detached) =>
      exchange(core, connection, request, response, detached),
    broken: (connection, failure, code) => brokenInbound(core, connection, failure, code),
  });
}
