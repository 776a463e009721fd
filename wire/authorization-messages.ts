/**
 * Envoy's external authorization over gRPC (envoy/service/auth/v3/external_auth.proto): the question as bytes, and
 * bytes as the answer. Of the question's many fields it fills those that say who asks for what; of the answer it
 * reads what changes the request or its response.
 */
import type { HeaderList } from '../model/request-facts.ts';
import { type Field, readFields, textOf } from './protobuf/decode.ts';
import { type Encoded, integerField, mapEntry, messageField, stringField } from './protobuf/encode.ts';

/** One end of the connection that the request came by. */
export interface CheckedPeer {
  address: string;
  port: number;
  /** SPIFFE id; null without a verified certificate. */
  principal: string | null;
}

/** What is asked about. */
export interface CheckedRequest {
  source: CheckedPeer;
  destination: CheckedPeer;
  /** Seconds since the epoch. */
  at: number;
  id: string;
  method: string;
  scheme: string;
  host: string;
  path: string;
  /** `HTTP/1.1`, `HTTP/2`. */
  protocol: string;
  /** Lower-case, each name once. */
  headers: HeaderList;
}

/** A header that the answer names. */
export interface HeaderChange {
  name: string;
  value: string;
  action: (typeof ACTIONS)[number];
}

export type CheckAnswer =
  | { kind: 'allowed'; request: HeaderChange[]; remove: string[]; response: HeaderChange[] }
  | { kind: 'denied'; status: number; headers: HeaderChange[]; body: string };

/** The bytes of a CheckRequest. */
export function encodeCheckRequest(request: CheckedRequest): Uint8Array {
  const { method, path, host, scheme, protocol } = request;
  const query = path.indexOf('?');
  const pseudo: HeaderList = [
    [':authority', host],
    [':method', method],
    [':path', path],
    [':scheme', scheme],
  ];
  const http = messageField(
    2,
    stringField(1, request.id),
    stringField(2, method),
    ...[...pseudo, ...request.headers].map(([name, value]) => mapEntry(3, name, value)),
    stringField(4, path),
    stringField(5, host),
    stringField(6, scheme),
    stringField(7, query < 0 ? '' : path.slice(query + 1)),
    stringField(10, protocol),
  );
  const asked = messageField(4, messageField(1, integerField(1, request.at)), http);
  return Uint8Array.from(messageField(1, peer(1, request.source), peer(2, request.destination), asked));
}

/** The bytes of a CheckRequest about a connection that isn't HTTP: only its ends and the time. */
export function encodeCheckConnection(
  connection: Pick<CheckedRequest, 'source' | 'destination' | 'at'>,
): Uint8Array {
  const asked = messageField(4, messageField(1, integerField(1, connection.at)));
  return Uint8Array.from(messageField(1, peer(1, connection.source), peer(2, connection.destination), asked));
}

function peer(number: number, { address, port, principal }: CheckedPeer): Encoded {
  const socket = messageField(1, stringField(2, address), integerField(3, port));
  return messageField(number, messageField(1, socket), stringField(4, principal ?? ''));
}

/** The answer in a CheckResponse's bytes; null when they are none. */
export function decodeCheckResponse(bytes: Uint8Array): CheckAnswer | null {
  const fields = readFields(bytes);
  if (fields === null) return null;
  const status = nested(fields, 1);
  if (status === null) return null;
  // Whatever else the answer says: only OK lets the request through.
  return integer(status, 1) === 0 ? readAllowed(fields) : readDenied(fields);
}

/** OkHttpResponse: headers, headers_to_remove, response_headers_to_add. */
function readAllowed(fields: readonly Field[]): CheckAnswer | null {
  const ok = nested(fields, 3);
  if (ok === null) return null;
  const request = changes(ok, 2);
  const response = changes(ok, 6);
  if (request === null || response === null) return null;
  return { kind: 'allowed', request, remove: texts(ok, 5), response };
}

/** DeniedHttpResponse: status (of an HttpStatus), headers, body. 403 where it names none. */
function readDenied(fields: readonly Field[]): CheckAnswer | null {
  const denied = nested(fields, 2);
  const status = denied === null ? null : nested(denied, 1);
  const headers = denied === null ? null : changes(denied, 2);
  if (denied === null || status === null || headers === null) return null;
  return { kind: 'denied', status: integer(status, 1) || 403, headers, body: texts(denied, 3).at(-1) ?? '' };
}

/** HeaderValueOption: header, append, append_action. */
function changes(fields: readonly Field[], number: number): HeaderChange[] | null {
  const found: HeaderChange[] = [];
  for (const value of bytesOf(fields, number)) {
    const option = readFields(value);
    const header = option === null ? null : nested(option, 1);
    if (option === null || header === null) return null;
    const name = (texts(header, 1).at(-1) ?? '').toLowerCase();
    // raw_value, where value isn't set.
    found.push({
      name,
      value: texts(header, 2).at(-1) ?? texts(header, 3).at(-1) ?? '',
      action: actionOf(option),
    });
  }
  return found;
}

/** By HeaderAppendAction's numbers. */
const ACTIONS = ['add', 'add-if-absent', 'overwrite', 'overwrite-if-present'] as const;

/** HeaderAppendAction; the older `append` (a wrapped bool) speaks first where it is set. */
function actionOf(option: readonly Field[]): HeaderChange['action'] {
  const append = option.some(({ number }) => number === 2) ? nested(option, 2) : null;
  if (append !== null) return integer(append, 1) === 0 ? 'overwrite' : 'add';
  return ACTIONS[integer(option, 3)] ?? 'add';
}

/** A nested message, its parts merged as proto3 has it; empty where it isn't there, null where it is none. */
function nested(fields: readonly Field[], number: number): Field[] | null {
  const parts = bytesOf(fields, number).map(readFields);
  return parts.some((part) => part === null) ? null : parts.flatMap((part) => part ?? []);
}

function bytesOf(fields: readonly Field[], number: number): Uint8Array[] {
  return fields.flatMap((field) => (field.number === number && field.kind === 'bytes' ? [field.value] : []));
}

function texts(fields: readonly Field[], number: number): string[] {
  return bytesOf(fields, number).map(textOf);
}

function integer(fields: readonly Field[], number: number): number {
  const found = fields.findLast((field) => field.number === number && field.kind === 'integer');
  return found?.kind === 'integer' ? found.value : 0;
}
