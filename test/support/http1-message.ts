/** HTTP/1.1 messages as they came over the wire, in a shape that can be compared: fields in order, body, framing, trailers. */
import { createHash } from 'node:crypto';
import type { ByteStream } from './byte-stream.ts';

export interface SeenMessage {
  /** Request line or status line. */
  start: string;
  fields: [string, string][];
  /** `close`: to the end of the connection. `cut`: the connection ended within it. */
  framing: 'none' | 'length' | 'chunked' | 'close' | 'cut';
  /** As text, or its length and hash when it is long. */
  body: string;
  trailers: [string, string][];
}

export type SeenHead = Pick<SeenMessage, 'start' | 'fields'>;

const LONGEST_BODY = 200;

/** null: the connection ended before a whole head. */
export async function readHead(stream: ByteStream): Promise<SeenHead | null> {
  const head = await stream.until('\r\n\r\n');
  if (head === null) return null;
  const [start = '', ...lines] = head.toString('latin1').slice(0, -4).split('\r\n');
  return { start, fields: lines.map(field) };
}

/** The rest of a message. `kind` says whether a body may reach to the end of the connection. */
export async function readBody(
  stream: ByteStream,
  head: SeenHead,
  kind: 'request' | 'response' | 'bodiless response',
): Promise<SeenMessage> {
  const value = (name: string): string | undefined =>
    head.fields.find(([other]) => other.toLowerCase() === name)?.[1];
  const message = (
    framing: SeenMessage['framing'],
    body: Buffer | null,
    trailers: [string, string][] = [],
  ) => ({
    ...head,
    framing: body === null ? ('cut' as const) : framing,
    body: body === null ? '' : shown(body),
    trailers,
  });
  if (kind === 'bodiless response') return message('none', Buffer.alloc(0));
  if (value('transfer-encoding')?.toLowerCase() === 'chunked') {
    const chunked = await readChunks(stream);
    return message('chunked', chunked?.body ?? null, chunked?.trailers);
  }
  const length = value('content-length');
  if (length !== undefined) return message('length', await stream.take(Number(length)));
  return kind === 'request' ? message('none', Buffer.alloc(0)) : message('close', await stream.rest());
}

async function readChunks(
  stream: ByteStream,
): Promise<{ body: Buffer; trailers: [string, string][] } | null> {
  const parts: Buffer[] = [];
  for (;;) {
    const line = await stream.until('\r\n');
    if (line === null) return null;
    const size = Number.parseInt(line.toString('latin1'), 16);
    if (size === 0) break;
    const data = await stream.take(size + 2);
    if (data === null) return null;
    parts.push(data.subarray(0, -2));
  }
  const trailers: [string, string][] = [];
  for (;;) {
    const line = await stream.until('\r\n');
    if (line === null) return null;
    if (line.length === 2) return { body: Buffer.concat(parts), trailers };
    trailers.push(field(line.toString('latin1').slice(0, -2)));
  }
}

function field(line: string): [string, string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')];
}

function shown(body: Buffer): string {
  if (body.length <= LONGEST_BODY) return body.toString('latin1');
  return `${body.length} bytes, ${createHash('sha256').update(body).digest('hex')}`;
}
