/**
 * Requests at a gateway over HTTP/1.1, in Envoy's order: codec checks, normalization, trusted hops and XFCC, policies,
 * route. A request reaches the application through `carryOn` only, which is called in one place, after an `allow` and a
 * route.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { schemeOf } from '../../wire/connection-manager-headers.ts';
import { answer, answerHeaders, rawAnswer } from '../answer.ts';
import { challenge } from '../challenge.ts';
import type { Core } from '../core.ts';
import { decisionOf, endedAs, type Failure } from '../error-table.ts';
import { createHttpLane, type Detached, type HttpLane } from '../http-lane.ts';
import { sourceOf } from '../inbound-connection.ts';
import { readRequest } from '../inbound-http.ts';
import { now } from '../moment.ts';
import { validateHttp1 } from '../validation/validate-http1.ts';
import { http1Client } from '../routing/http1-client.ts';
import { unreadRequest } from '../unread-request.ts';
import { gatewayPlaceOf, type GatewayConnection } from './gateway-connection.ts';
import { carryOn } from './gateway-exchange.ts';
import {
  factsAtGateway,
  judgeAtGateway,
  recordGateway,
  type GatewayJudged,
  type GatewayPassed,
} from './gateway-judge.ts';

async function exchange(
  core: Core,
  connection: GatewayConnection,
  message: IncomingMessage,
  response: ServerResponse,
  detached: Detached | null,
): Promise<void> {
  const place = gatewayPlaceOf(core, connection);
  if (place === null) {
    message.socket.destroy();
    return;
  }
  const source = { ...sourceOf(core, connection.endpoints) };
  const base = { core, place, connection, source, at: now(), explanation: null, findings: [], told: [] };
  const read = readRequest(message, place.inForce.snapshot.pathNormalization);
  if ('refused' in read) {
    await refuse({ ...base, request: unreadRequest(message), decision: read.refused }, message, response);
    return;
  }
  const { request, path } = read;
  const target = message.url ?? '';
  const scheme = request.absolute ? target.slice(0, target.indexOf(':')).toLowerCase() : null;
  const { method, rawPath, host, headers } = request;
  const asSent = factsAtGateway(base, { protocol: 'http1', method, rawPath, path, host, headers, scheme });
  const outcome = await judgeAtGateway(base, asSent);
  if (outcome.kind === 'answered') {
    await refuse(outcome.judged, message, response);
    return;
  }
  const { validation, judged, route } = outcome;
  const wire = { message, response, detached };
  const validated =
    validation === null
      ? ({ kind: 'valid', message } as const)
      : await validateHttp1(validation, request, wire);
  switch (validated.kind) {
    case 'gone':
      recordGateway({ ...judged, decision: endedAs(judged.decision, 'client-gone') }, null);
      return;
    case 'invalid': {
      const { decision, explanation, headers: told } = validated;
      const refused = { ...judged, decision, explanation, told: [...judged.told, ...told] };
      await refuse(refused, message, response);
      return;
    }
    case 'valid': {
      const client = http1Client(validated.message, response, detached, request);
      await carryOn(validated.message === message ? judged : unawaited(judged), route, client, {
        scheme: schemeOf(judged.request.headers, connection.encrypted),
        neverIndexed: NEVER,
        body: request.body === 'none' ? 'none' : 'follows',
      });
    }
  }
}

/** A body that is all there waits for no 100. */
function unawaited(judged: GatewayPassed): GatewayPassed {
  const headers = judged.request.headers.filter(([name]) => name !== 'expect');
  return { ...judged, request: { ...judged.request, headers } };
}

const NEVER: ReadonlySet<string> = new Set();

function refuse(judged: GatewayJudged, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const { decision } = judged;
  const headers = [...answerHeaders(decision, 'istio-envoy', judged.told), ...challenge(judged)];
  const bodyBytes = decision.body?.length ?? 0;
  recordGateway(judged, { status: decision.status ?? 403, headers, bodyBytes, by: 'sidecar' });
  return answer(message, response, decision, headers);
}

function broken(core: Core, connection: GatewayConnection, failure: Failure, code: string): string {
  const decision = decisionOf(failure, `${failure}-${code.toLowerCase().replaceAll('_', '-')}`);
  const place = gatewayPlaceOf(core, connection);
  if (place === null) return '';
  const source = sourceOf(core, connection.endpoints);
  const base = { core, place, connection, source, at: now(), request: null };
  const headers = answerHeaders(decision, 'istio-envoy');
  recordGateway(
    { ...base, decision, explanation: null, findings: [], told: [] },
    { status: decision.status ?? 400, headers, bodyBytes: decision.body?.length ?? 0, by: 'sidecar' },
  );
  return rawAnswer(decision, 'istio-envoy');
}

/** The lane of all connections of gateways. */
export function createGatewayLane(core: Core): HttpLane<GatewayConnection> {
  return createHttpLane(core.limits, {
    exchange: (connection, request, response, detached) =>
      exchange(core, connection, request, response, detached),
    broken: (connection, failure, code) => broken(core, connection, failure, code),
  });
}
