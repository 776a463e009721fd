/** Segments as they lie on disk: many joined into one row, packed. Owns that no credential is among the bytes. */
import { zstdCompressSync, zstdDecompressSync, constants } from 'node:zlib';
import { EventSegment, type SharedContext } from '../proxy/events/event-segment.ts';
import { holdsCredentials } from '../proxy/events/credentials.ts';
import { eventOffsets, segmentOf } from '../proxy/events/segment-reader.ts';

/** Events of one row: few enough to be decoded for one page, many enough to pack well. */
const EVENTS_A_ROW = 1_000;
/** The heads of one client differ in a few bytes: a fast setting packs them to a tenth, at 0.15 µs an event. */
const PACKING = { params: { [constants.ZSTD_c_compressionLevel]: -3 } };
/** What a row may unpack to; a file that says more is none of ours. */
const MAX_ROW_BYTES = 256 * 1024 * 1024;

/** Neighbours in as few segments as may be; each holds events of one writer. */
export function joinSegments(segments: readonly EventSegment[]): EventSegment[] {
  const groups: EventSegment[][] = [];
  let events = 0;
  for (const segment of segments) {
    const group = groups.at(-1);
    if (group !== undefined && group[0]?.parts.stream === segment.parts.stream && events < EVENTS_A_ROW) {
      group.push(segment);
      events += segment.length;
    } else {
      groups.push([segment]);
      events = segment.length;
    }
  }
  return groups.map(join);
}

function join(group: readonly EventSegment[]): EventSegment {
  const [first] = group;
  if (first !== undefined && group.length === 1) return first;
  const octets = Buffer.concat(group.map(({ parts }) => parts.octets));
  const contexts = new Map<number, SharedContext>();
  const offsets: number[] = [];
  let start = 0;
  for (const { parts } of group) {
    for (const offset of parts.offsets) offsets.push(start + offset);
    for (const [number, context] of parts.contexts) contexts.set(number, context);
    start += parts.octets.length;
  }
  return new EventSegment({
    stream: first?.parts.stream ?? 0,
    octets,
    offsets,
    contexts,
    firstId: first?.firstId ?? 0,
  });
}

/**
 * The segment as it may be written. The hot path sends no heads with credentials; should it ever, the events are
 * written as the decoder shows them, redacted.
 */
export function withoutCredentials(segment: EventSegment): EventSegment {
  if (!holdsCredentials(segment.parts.octets)) return segment;
  return segmentOf([...segment]).numbered(segment.firstId);
}

export function packSegment(segment: EventSegment): Buffer {
  return zstdCompressSync(segment.parts.octets, PACKING);
}

/** The segment of a row; throws where the bytes are no records. */
export function unpackSegment(
  { body, first, stream }: { body: Uint8Array; first: number; stream: number },
  contexts: ReadonlyMap<number, SharedContext>,
): EventSegment {
  const octets = zstdDecompressSync(body, { maxOutputLength: MAX_ROW_BYTES });
  return new EventSegment({ stream, octets, offsets: eventOffsets(octets), contexts, firstId: first });
}
