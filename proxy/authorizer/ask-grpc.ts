/** Asks an external authorizer over gRPC: `envoy.service.auth.v3.Authorization/Check`, one unary call. */
import type { ClientHttp2Session, IncomingHttpHeaders } from 'node:http2';
import type { HeaderList } from '../../model/request-facts.ts';
import type { AuthorizerAnswer } from '../../policy/custom/apply-answer.ts';
import { decodeCheckResponse, type HeaderChange } from '../../wire/authorization-messages.ts';

const MAX_MESSAGE_BYTES = 1024 * 1024;
/** Compressed flag and length. */
const PREFIX_BYTES = 5;

/** A CheckRequest. */
export interface Question {
  message: Uint8Array;
  /** Fields of the request that it is about; an answer may change those that are there. */
  headers: HeaderList;
}

/** The answer; never rejects. `timeoutMs` counts from the call on. */
export function askGrpc(
  opening: Promise<ClientHttp2Session>,
  { message, headers: sent }: Question,
  timeoutMs: number,
): Promise<AuthorizerAnswer> {
  return new Promise((resolve) => {
    let asked = false;
    let cancel = (): void => undefined;
    const fail = (): void => {
      clearTimeout(timer);
      cancel();
      resolve({ kind: 'failed', asked });
    };
    const timer = setTimeout(fail, timeoutMs);
    opening.then((session) => {
      if (session.destroyed || session.closed) {
        fail();
        return;
      }
      const stream = session.request({
        ':method': 'POST',
        ':path': '/envoy.service.auth.v3.Authorization/Check',
        ':scheme': 'http',
        'content-type': 'application/grpc',
        te: 'trailers',
        'grpc-timeout': `${Math.ceil(timeoutMs)}m`,
      });
      asked = true;
      cancel = () => stream.destroy();
      const chunks: Buffer[] = [];
      let length = 0;
      let trailers: IncomingHttpHeaders = {};
      stream.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length > MAX_MESSAGE_BYTES) fail();
        else chunks.push(chunk);
      });
      stream.on('response', (headers) => {
        trailers = headers;
      });
      stream.on('trailers', (headers) => {
        trailers = headers;
      });
      stream.on('error', fail);
      stream.once('close', () => {
        clearTimeout(timer);
        const answer = trailers['grpc-status'] === '0' ? readAnswer(Buffer.concat(chunks), sent) : null;
        resolve(answer ?? { kind: 'failed', asked });
      });
      stream.end(framed(message));
    }, fail);
  });
}

function framed(message: Uint8Array): Buffer {
  const bytes = Buffer.alloc(PREFIX_BYTES + message.length);
  bytes.writeUInt32BE(message.length, 1);
  bytes.set(message, PREFIX_BYTES);
  return bytes;
}

/** null for anything but one uncompressed CheckResponse. */
function readAnswer(bytes: Buffer, sent: HeaderList): AuthorizerAnswer | null {
  if (bytes.length < PREFIX_BYTES || bytes[0] !== 0) return null;
  if (bytes.readUInt32BE(1) !== bytes.length - PREFIX_BYTES) return null;
  const answer = decodeCheckResponse(bytes.subarray(PREFIX_BYTES));
  if (answer === null) return null;
  if (answer.kind === 'denied')
    return { kind: 'grpc-denied', status: answer.status, headers: pairs(answer.headers), body: answer.body };
  const has = (name: string): boolean => sent.some(([present]) => present === name);
  const applies = ({ action, name }: HeaderChange): boolean =>
    action === 'overwrite' || (action === 'add-if-absent' ? !has(name) : action !== 'add' && has(name));
  return {
    kind: 'grpc-allowed',
    set: pairs(answer.request.filter(applies)),
    add: pairs(answer.request.filter(({ action }) => action === 'add')),
    remove: answer.remove.map((name) => name.toLowerCase()),
    responseHeaders: pairs(answer.response),
  };
}

function pairs(changes: readonly HeaderChange[]): HeaderList {
  return changes.map(({ name, value }): [string, string] => [name, value]);
}
