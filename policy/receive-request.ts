/**
 * A request as a client sent it → the facts that the first filter sees, or the refusal before it: HTTP codec, then
 * path normalization. What the connection manager makes of the headers is for sidecars and gateways to say.
 */
import type { Decision } from '../model/decision.ts';
import type { PathNormalization } from '../model/mesh.ts';
import type { HeaderList, HttpFacts } from '../model/request-facts.ts';
import { trimBlanks } from '../wire/field-grammar.ts';
import { checkRequestHead } from '../wire/http1-request-checks.ts';
import type { Http1Refusal } from '../wire/http1-target.ts';
import { checkRequestFields } from '../wire/http2-fields.ts';
import { byteString, normalizePath } from '../wire/path-normalization.ts';

/** A request as sent; null for plain TCP. Strings have one character a byte. */
export interface SentRequest {
  protocol: HttpFacts['protocol'];
  method: string;
  path: string;
  host: string;
  headers: HeaderList;
  /** HTTP/2: the whole header block as sent, in the place of what the other fields say. */
  fields?: HeaderList;
}

/** Codec and normalization; a refusal is a decision. */
export function receiveRequest(request: SentRequest, mode: PathNormalization): HttpFacts | Decision {
  const http = request.protocol === 'http1' ? checkHttp1(request) : checkHttp2(request);
  if ('verdict' in http) return http;
  const normalized = normalizePath(http.path, mode);
  if (normalized.kind === 'normalized') return { ...http, path: normalized.path };
  const status = request.protocol === 'grpc' ? 200 : normalized.status;
  return refused('normalization', 'normalization-failed', normalized.details, status);
}

/** A denial outside of policies; without a status no HTTP answer comes. */
export function refused(
  phase: Decision['phase'],
  reason: string,
  details: string,
  status?: number,
  body?: string,
): Decision {
  const decision: Decision = { verdict: 'deny', phase, reason, matched: null, details };
  if (status === undefined) return decision;
  return body === undefined ? { ...decision, status } : { ...decision, status, body };
}

/** For explanations of what was refused. */
export function asSent({ protocol, method, path, host, headers }: SentRequest): HttpFacts {
  return { protocol, method, path, rawPath: path, host, headers };
}

function checkHttp1(request: SentRequest): HttpFacts | Decision {
  // So do they around a field's value.
  const fields = request.headers.map(([name, value]) => [name, trimBlanks(value)]);
  const rawHeaders = ['host', request.host, ...fields.flat()];
  // Blanks around the target belong to the request line.
  const target = byteString(request.path).replace(/[ \t]+$/, '');
  const tooLarge = headBytes(request.method, target, rawHeaders) > MAX_HEAD_BYTES;
  const checked = tooLarge
    ? { refusal: HEAD_TOO_LARGE }
    : checkRequestHead({ method: request.method, target, version: '1.1', rawHeaders });
  if ('refusal' in checked) {
    const { reason, details, status, body } = checked.refusal;
    return refused('codec', reason, details, status, body);
  }
  const { method, rawPath, host, headers } = checked.request;
  const facts: HttpFacts = { protocol: 'http1', method, path: rawPath, rawPath: request.path, host, headers };
  const { absolute } = checked.request;
  return absolute ? { ...facts, scheme: target.slice(0, target.indexOf(':')).toLowerCase() } : facts;
}

/** Envoy's `max_request_headers_kb`: of the head as it is written, request line and line ends included. */
const MAX_HEAD_BYTES = 60 * 1024;

const HEAD_TOO_LARGE: Http1Refusal = {
  status: 431,
  body: 'Request Header Fields Too Large',
  details: 'http1.headers_too_large',
  reason: 'headers-too-large',
};

/** `GET / HTTP/1.1`, `name: value` a field, and an empty line. */
function headBytes(method: string, target: string, rawHeaders: readonly string[]): number {
  const requestLine = method.length + target.length + ' '.length + ' HTTP/1.1\r\n'.length;
  const fields = rawHeaders.reduce((sum, text) => sum + text.length + ': '.length, 0);
  return requestLine + fields + '\r\n'.length;
}

function checkHttp2(request: SentRequest): HttpFacts | Decision {
  const checked = checkRequestFields(request.fields ?? headerBlock(request), 'none');
  if ('refusal' in checked) {
    const { reason, details, status } = checked.refusal;
    return refused('codec', reason, details, status);
  }
  const { method, rawPath, host, headers, scheme } = checked.request;
  return {
    protocol: request.protocol,
    method,
    path: rawPath,
    rawPath: request.path,
    host,
    headers,
    scheme: scheme.toLowerCase(),
  };
}

/** The HTTP/2 header block that a well-behaved client makes of the request. */
export function headerBlock(request: SentRequest): HeaderList {
  return [
    [':method', request.method],
    [':scheme', 'http'],
    [':authority', request.host],
    [':path', byteString(request.path)],
    ...request.headers,
  ];
}
