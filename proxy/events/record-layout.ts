/**
 * How events stand in bytes: little-endian records, each a multiple of eight bytes long, so that a ring never cuts
 * one. The same bytes lie in the ring, in the recorder's memory and (packed) on disk.
 *
 *   every record   0 u32 size   4 u8 kind   5 u8 flags
 *   http           8 f64 wall ms   16 u32 context   20 u32 duration   24 u32 head   28 u32 decided   32 u32 upstream
 *                  36 u16 status   38 u8 by   39 u8 protocol   40 f64 request bytes   48 f64 response bytes
 *                  56 u32 and 60 u32 length of the two heads, which follow from 64 on
 *   event, context 8 u32 context   12 u32 length of the JSON, which follows from 16 on
 *   released       8 u32 context
 *   gap            nothing: the rest of a ring in which a record had no room in one piece
 */
import type { TrafficEvent } from '../../model/traffic-event.ts';
import type { HttpExchange } from '../event-writer.ts';

export const KIND = { gap: 0, http: 1, event: 2, context: 3, released: 4 } as const;
/** Bits of the flags of an event's record: what can be asked without decoding it. */
export const FLAG = { denied: 1, tagged: 2 } as const;

/** The flags of an event, and of all that share this of it. */
export function flagsOf({ decision, tag }: Pick<TrafficEvent, 'decision' | 'tag'>): number {
  return (decision.verdict === 'deny' ? FLAG.denied : 0) | (tag === null ? 0 : FLAG.tagged);
}

const HTTP_HEADER = 64;
const JSON_HEADER = 16;
const MAX_U32 = 0xffff_ffff;

/** The same bytes, seen as numbers and as a whole. */
export interface Bytes {
  view: DataView;
  octets: Uint8Array;
  /** Once more, for text. */
  text: Buffer;
}

export function bytesOf(octets: Uint8Array): Bytes {
  const { buffer, byteOffset, byteLength } = octets;
  return {
    octets,
    view: new DataView(buffer, byteOffset, byteLength),
    text: Buffer.from(buffer, byteOffset, byteLength),
  };
}

function aligned(size: number): number {
  return (size + 7) & ~7;
}

/** Room that an exchange needs. */
export function httpSize({ requestHead, responseHead }: HttpExchange): number {
  return aligned(HTTP_HEADER + requestHead.length + responseHead.length);
}

/** Room that `length` bytes of JSON need. */
export function jsonSize(length: number): number {
  return aligned(JSON_HEADER + length);
}

export function writeHeader({ view }: Bytes, at: number, size: number, kind: number, flags: number): void {
  view.setUint32(at, size, true);
  view.setUint32(at + 4, kind | (flags << 8), true);
}

function micros(value: number): number {
  return value > 0 ? Math.min(value, MAX_U32) : 0;
}

/** By their number in a record. */
const PROTOCOLS = ['http1', 'http2', 'grpc'] as const;

/** Writes the record of an exchange; there are `httpSize` bytes of room at `at`. */
export function writeHttp(to: Bytes, at: number, context: number, flags: number, from: HttpExchange): void {
  const { view } = to;
  const { requestHead, responseHead } = from;
  writeHeader(to, at, httpSize(from), KIND.http, flags);
  view.setFloat64(at + 8, from.wallMs, true);
  view.setUint32(at + 16, context, true);
  view.setUint32(at + 20, micros(from.durationMicros), true);
  view.setUint32(at + 24, micros(from.headMicros), true);
  view.setUint32(at + 28, micros(from.decidedMicros), true);
  view.setUint32(at + 32, micros(from.upstreamMicros), true);
  view.setUint16(at + 36, from.status, true);
  view.setUint8(at + 38, from.by === 'upstream' ? 1 : 0);
  view.setUint8(at + 39, PROTOCOLS.indexOf(from.protocol));
  view.setFloat64(at + 40, from.requestBytes, true);
  view.setFloat64(at + 48, from.responseBytes, true);
  view.setUint32(at + 56, requestHead.length, true);
  view.setUint32(at + 60, responseHead.length, true);
  setHead(to, at + HTTP_HEADER, requestHead);
  setHead(to, at + HTTP_HEADER + requestHead.length, responseHead);
}

function setHead({ octets, text }: Bytes, at: number, head: Uint8Array | string): void {
  if (typeof head === 'string') text.write(head, at, 'latin1');
  else octets.set(head, at);
}

/** The exchange of the record at `at`; its heads are views on the record. */
export function readHttp({ view, octets }: Bytes, at: number): HttpExchange {
  const requestAt = at + HTTP_HEADER;
  const responseAt = requestAt + view.getUint32(at + 56, true);
  return {
    wallMs: view.getFloat64(at + 8, true),
    durationMicros: view.getUint32(at + 20, true),
    headMicros: view.getUint32(at + 24, true),
    decidedMicros: view.getUint32(at + 28, true),
    upstreamMicros: view.getUint32(at + 32, true),
    status: view.getUint16(at + 36, true),
    by: view.getUint8(at + 38) === 1 ? 'upstream' : 'sidecar',
    protocol: PROTOCOLS[view.getUint8(at + 39)] ?? 'http1',
    requestBytes: view.getFloat64(at + 40, true),
    responseBytes: view.getFloat64(at + 48, true),
    requestHead: octets.subarray(requestAt, responseAt),
    responseHead: octets.subarray(responseAt, responseAt + view.getUint32(at + 60, true)),
  };
}

/** Writes a record that is JSON; there are `jsonSize` bytes of room at `at`. */
export function writeJson(
  to: Bytes,
  at: number,
  kind: typeof KIND.event | typeof KIND.context | typeof KIND.released,
  flags: number,
  context: number,
  json: Uint8Array,
): void {
  writeHeader(to, at, jsonSize(json.length), kind, flags);
  to.view.setUint32(at + 8, context, true);
  to.view.setUint32(at + 12, json.length, true);
  to.octets.set(json, at + JSON_HEADER);
}

/** The JSON of the record at `at`, as text. */
export function readJson({ view, octets }: Bytes, at: number): string {
  const start = at + JSON_HEADER;
  return decoder.decode(octets.subarray(start, start + view.getUint32(at + 12, true)));
}

const decoder = new TextDecoder();

/** Makes a gap of the record at `at`. */
export function forgetRecord({ octets }: Bytes, at: number): void {
  octets[at + 4] = KIND.gap;
}

/** Where the record after the one at `at` begins. Throws where no whole record stands: then the bytes are no records. */
export function nextRecord({ view, octets }: Bytes, at: number): number {
  const size = at + 8 <= octets.length ? view.getUint32(at, true) : 0;
  if (size < 8 || size % 8 !== 0 || at + size > octets.length) throw new Error(`no record at byte ${at}`);
  return at + size;
}

export const kindAt = ({ octets }: Bytes, at: number): number => octets[at + 4] ?? KIND.gap;
export const flagsAt = ({ octets }: Bytes, at: number): number => octets[at + 5] ?? 0;
/** The context of an exchange's record. */
export const httpContextAt = ({ view }: Bytes, at: number): number => view.getUint32(at + 16, true);
/** The context of a context's or a release's record. */
export const jsonContextAt = ({ view }: Bytes, at: number): number => view.getUint32(at + 8, true);
