/**
 * Reads the one HTTP/1 response that an attacker waits for, strictly: a scenario must not pass because a lenient
 * reader made sense of nonsense. Refuses what it doesn't know, and bodies past its cap.
 */

export interface AttackResponse {
  status: number;
  /** Names lower-case, in order. */
  headers: readonly (readonly [string, string])[];
  body: Buffer;
}

export type ResponseProgress =
  | { kind: 'more' }
  | { kind: 'done'; response: AttackResponse }
  | { kind: 'malformed'; why: string };

const MAX_HEAD_BYTES = 64 * 1024;
const MAX_BODY_BYTES = 1024 * 1024;
const STATUS_LINE = /^HTTP\/1\.[01] ([1-5]\d\d)(?: .*)?$/;
const HEADER_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/;
const MORE: ResponseProgress = { kind: 'more' };

class Malformed extends Error {}

interface Head {
  status: number;
  headers: (readonly [string, string])[];
  bodyStart: number;
}

function readHead(bytes: Buffer, from: number): Head | null {
  const end = bytes.indexOf('\r\n\r\n', from, 'latin1');
  if (end < 0) {
    if (bytes.length - from > MAX_HEAD_BYTES) throw new Malformed('the head of the response is too large');
    return null;
  }
  const [statusLine = '', ...lines] = bytes.toString('latin1', from, end).split('\r\n');
  const status = STATUS_LINE.exec(statusLine)?.[1];
  if (status === undefined)
    throw new Malformed(`not an HTTP/1 status line: ${JSON.stringify(statusLine.slice(0, 80))}`);
  const headers = lines.map((line): readonly [string, string] => {
    const [, name, value] = HEADER_LINE.exec(line) ?? [];
    if (name === undefined || value === undefined)
      throw new Malformed(`not a header: ${JSON.stringify(line.slice(0, 80))}`);
    return [name.toLowerCase(), value];
  });
  return { status: Number(status), headers, bodyStart: end + 4 };
}

function capped(size: number): number {
  if (size > MAX_BODY_BYTES) throw new Malformed(`a body of more than ${MAX_BODY_BYTES} bytes`);
  return size;
}

/** The decoded body, or null while chunks are missing. */
function readChunks(bytes: Buffer, from: number): Buffer | null {
  const chunks: Buffer[] = [];
  let total = 0;
  let at = from;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at, 'latin1');
    if (lineEnd < 0) return null;
    const size = /^([0-9a-fA-F]{1,8})(?:[ \t]*;.*)?$/.exec(bytes.toString('latin1', at, lineEnd))?.[1];
    if (size === undefined) throw new Malformed('not a chunk size');
    const length = Number.parseInt(size, 16);
    total = capped(total + length);
    const start = lineEnd + 2;
    if (length === 0) return readTrailers(bytes, start) ? Buffer.concat(chunks) : null;
    if (bytes.length < start + length + 2) return null;
    if (bytes.toString('latin1', start + length, start + length + 2) !== '\r\n')
      throw new Malformed('a chunk without its end');
    chunks.push(bytes.subarray(start, start + length));
    at = start + length + 2;
  }
}

/** Whether the trailer section after the last chunk is complete. */
function readTrailers(bytes: Buffer, from: number): boolean {
  if (bytes.length < from + 2) return false;
  return (
    bytes.toString('latin1', from, from + 2) === '\r\n' || bytes.indexOf('\r\n\r\n', from, 'latin1') >= 0
  );
}

function readBody(bytes: Buffer, head: Head, method: string, ended: boolean): Buffer | null {
  if (method === 'HEAD' || head.status === 204 || head.status === 304) return Buffer.alloc(0);
  const values = (name: string): string[] =>
    head.headers.filter(([each]) => each === name).map(([, value]) => value);
  const codings = values('transfer-encoding');
  const lengths = values('content-length');
  if (codings.length > 0) {
    if (codings.join(',').toLowerCase() !== 'chunked' || lengths.length > 0)
      throw new Malformed('an unclear body length');
    return readChunks(bytes, head.bodyStart);
  }
  const length = lengths[0];
  if (length !== undefined) {
    if (lengths.length > 1 || !/^\d{1,10}$/.test(length)) throw new Malformed('an unclear content-length');
    const size = capped(Number(length));
    return bytes.length - head.bodyStart < size
      ? null
      : bytes.subarray(head.bodyStart, head.bodyStart + size);
  }
  capped(bytes.length - head.bodyStart);
  return ended ? bytes.subarray(head.bodyStart) : null;
}

/** What `bytes`, all that came so far, amount to; `ended` = the other side will send no more. */
export function readResponse(bytes: Buffer, method: string, ended: boolean): ResponseProgress {
  try {
    let head = readHead(bytes, 0);
    // Interim answers (100, 103) come before the one that counts; 101 is final.
    while (head && head.status < 200 && head.status !== 101) head = readHead(bytes, head.bodyStart);
    if (!head)
      return ended && bytes.length > 0 ? { kind: 'malformed', why: 'the response ends in its head' } : MORE;
    const body = readBody(bytes, head, method, ended);
    if (!body) return ended ? { kind: 'malformed', why: 'the response ends in its body' } : MORE;
    return { kind: 'done', response: { status: head.status, headers: head.headers, body } };
  } catch (error) {
    if (error instanceof Malformed) return { kind: 'malformed', why: error.message };
    throw error;
  }
}
