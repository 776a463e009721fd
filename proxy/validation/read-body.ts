/** Reads the body of an HTTP/1 request whole, before it goes on, and gives a request that says it again. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { BodyFraming } from '../../wire/http1-request-checks.ts';

/** `too-long`: more than was to be read; `gone`: the client has broken off. */
export type ReadBody =
  | { kind: 'whole'; bytes: Buffer; message: IncomingMessage }
  | { kind: 'too-long'; bytes: number }
  | { kind: 'gone' };

/** Reads up to `most` bytes; a stated length above it is refused unread. */
export function readBody(
  message: IncomingMessage,
  response: ServerResponse,
  framing: BodyFraming,
  most: number,
): Promise<ReadBody> | ReadBody {
  if (framing === 'none') return { kind: 'whole', bytes: Buffer.alloc(0), message };
  const stated = Number(message.headers['content-length'] ?? 0);
  if (stated > most) return { kind: 'too-long', bytes: stated };
  if (message.headers.expect !== undefined) response.writeContinue();
  return collect(message, most);
}

function collect(message: IncomingMessage, most: number): Promise<ReadBody> {
  const chunks: Buffer[] = [];
  let length = 0;
  return new Promise((resolve) => {
    const done = (result: ReadBody): void => {
      message.off('data', take).off('end', end).off('close', gone).off('error', gone);
      resolve(result);
    };
    const take = (chunk: Buffer): void => {
      length += chunk.length;
      chunks.push(chunk);
      if (length > most) done({ kind: 'too-long', bytes: length });
    };
    const end = (): void => {
      const bytes = Buffer.concat(chunks);
      done({ kind: 'whole', bytes, message: again(message, bytes) });
    };
    const gone = (): void => done({ kind: 'gone' });
    message.on('data', take).once('end', end).once('close', gone).once('error', gone);
  });
}

/** As far as a forwarder looks at a message: its body from the start, and the trailers that came behind it. */
function again(message: IncomingMessage, bytes: Buffer): IncomingMessage {
  const { rawTrailers, socket, method } = message;
  const body = Readable.from(bytes.length === 0 ? [] : [bytes]);
  return Object.assign(body, { rawTrailers, socket, method, complete: true }) as unknown as IncomingMessage;
}
