/** One HTTP/2 request, frame by frame, so that nothing about it is checked or rewritten here. */
import type { Duplex } from 'node:stream';
import type { HeaderList } from '../../model/request-facts.ts';
import { headerBlock, type SentRequest } from '../../policy/receive-request.ts';
import { HpackDecoder } from '../../wire/http2/hpack-decoder.ts';
import { CASE_HEADER } from './recorder.ts';

/** What came back on the stream; `failure` says how it ended where no answer came. */
export interface Http2Answer {
  status: number | null;
  headers: readonly (readonly [string, string])[];
  body: string;
  failure: string | null;
}

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const TYPE = { data: 0, headers: 1, reset: 3, settings: 4, goAway: 7, continuation: 9 } as const;
const END_STREAM = 1;
const END_HEADERS = 4;
/** The frame size that every server takes. */
const LARGEST = 16_384;
const HEADER_BYTES = 9;

/** Sends the request on stream 1 and reads until it ends; the connection is closed then. */
export function exchangeHttp2(
  stream: Duplex,
  request: SentRequest,
  number: number,
  signal: AbortSignal,
): Promise<Http2Answer> {
  const answer: Http2Answer = { status: null, headers: [], body: '', failure: null };
  return new Promise((resolve) => {
    const end = (failure: string | null): void => {
      stream.destroy();
      resolve({ ...answer, failure });
    };
    let pending = Buffer.alloc(0);
    const decoder = new HpackDecoder({ maxBytes: 65_536, maxFields: 200 }, 4_096);
    stream.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= HEADER_BYTES) {
        const length = pending.readUIntBE(0, 3);
        if (pending.length < HEADER_BYTES + length) return;
        const frame = pending.subarray(0, HEADER_BYTES + length);
        pending = pending.subarray(HEADER_BYTES + length);
        const over = take(answer, decoder, frame);
        if (over === 'more') continue;
        end(over === 'ended' ? null : over);
        return;
      }
    });
    stream.on('error', (error) => end(error.message));
    stream.once('close', () => end('closed'));
    signal.addEventListener('abort', () => end('timeout'), { once: true });
    stream.write(requestFrames(request, number));
  });
}

/** `more`, `ended`, or how the server broke it off. */
function take(answer: Http2Answer, decoder: HpackDecoder, frame: Buffer): string {
  const type = frame.readUInt8(3);
  const flags = frame.readUInt8(4);
  const code = (): number => frame.readUInt32BE(frame.length - 4);
  switch (type) {
    case TYPE.headers: {
      if ((flags & END_HEADERS) === 0) return 'continuation in the answer';
      const block = decoder.decode(frame, HEADER_BYTES, frame.length);
      if (block === null) return 'undecodable answer';
      const status = block.fields.find(([name]) => name === ':status')?.[1];
      if (status !== undefined) answer.status = Number(status);
      answer.headers = [...answer.headers, ...block.fields];
      break;
    }
    case TYPE.data:
      answer.body += frame.toString('latin1', HEADER_BYTES);
      break;
    case TYPE.reset:
      return `reset: ${code()}`;
    case TYPE.goAway:
      return `goaway: ${frame.readUInt32BE(HEADER_BYTES + 4)}`;
    default:
      return 'more';
  }
  return (flags & END_STREAM) === 0 ? 'more' : 'ended';
}

function requestFrames(request: SentRequest, number: number): Buffer {
  const block = Buffer.concat(fieldsOf(request, number).map(literal));
  const frames = [Buffer.from(PREFACE, 'latin1'), frame(TYPE.settings, 0, 0, Buffer.alloc(0))];
  for (let at = 0; at === 0 || at < block.length; at += LARGEST) {
    const last = at + LARGEST >= block.length ? END_HEADERS : 0;
    const part = block.subarray(at, at + LARGEST);
    frames.push(
      at === 0 ? frame(TYPE.headers, last | END_STREAM, 1, part) : frame(TYPE.continuation, last, 1, part),
    );
  }
  return Buffer.concat(frames);
}

/** As the oracle sends them: the case's number after the whole block, or after the pseudo-fields of a plain request. */
function fieldsOf(request: SentRequest, number: number): HeaderList {
  const mark: [string, string] = [CASE_HEADER, String(number)];
  if (request.fields !== undefined) return [...request.fields, mark];
  const fields = headerBlock(request);
  return [...fields.slice(0, 4), mark, ...fields.slice(4)];
}

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(HEADER_BYTES);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A literal field without indexing, name and value as they are (RFC 7541 §6.2.2). */
function literal([name, value]: readonly [string, string]): Buffer {
  return Buffer.concat([Buffer.from([0]), text(name), text(value)]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1');
  return Buffer.concat([integer7(bytes.length), bytes]);
}

/** An integer behind a prefix of seven bits (RFC 7541 §5.1). */
function integer7(value: number): Buffer {
  if (value < 0x7f) return Buffer.from([value]);
  const bytes = [0x7f];
  for (let rest = value - 0x7f; ; rest = Math.floor(rest / 0x80)) {
    if (rest < 0x80) {
      bytes.push(rest);
      return Buffer.from(bytes);
    }
    bytes.push((rest % 0x80) | 0x80);
  }
}
