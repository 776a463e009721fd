/** Segments as they lie on disk: small ones joined into one row, packed. Owns that no credential is among the bytes. */
import { zstdDecompressSync } from 'node:zlib';
import { EventSegment, type SharedContext } from '../proxy/events/event-segment.ts';
import { holdsCredentials } from '../proxy/events/credentials.ts';
import { Octets } from '../proxy/events/octets.ts';
import { eventsIn, segmentOf } from '../proxy/events/segment-reader.ts';

/** Events of one row: few enough to be decoded for one page, many enough to pack well. */
const EVENTS_A_ROW = 1_000;
/** What a row may unpack to; a file that says more is none of ours. */
const MAX_ROW_BYTES = 256 * 1024 * 1024;

/** Neighbours in as few segments as may be, apart from those that are packed; each holds events of one writer. */
export function joinSegments(segments: readonly EventSegment[]): EventSegment[] {
  const groups: EventSegment[][] = [];
  let events = 0;
  for (const segment of segments) {
    const group = groups.at(-1);
    const { stream, octets } = segment.parts;
    if (
      group !== undefined &&
      group[0]?.parts.stream === stream &&
      events < EVENTS_A_ROW &&
      !octets.isPacked
    ) {
      group.push(segment);
      events += segment.length;
    } else {
      groups.push([segment]);
      events = octets.isPacked ? EVENTS_A_ROW : segment.length;
    }
  }
  return groups.map(join);
}

function join(group: readonly EventSegment[]): EventSegment {
  const [first] = group;
  if (first !== undefined && group.length === 1) return first;
  const octets = Buffer.concat(group.map(({ parts }) => parts.octets.bytes.octets));
  const contexts = new Map<number, SharedContext>();
  const offsets: number[] = [];
  let start = 0;
  for (const { parts } of group) {
    for (const offset of parts.offsets) offsets.push(start + offset);
    for (const [number, context] of parts.contexts) contexts.set(number, context);
    start += parts.octets.size;
  }
  return new EventSegment({
    stream: first?.parts.stream ?? 0,
    octets: Octets.of(octets),
    offsets,
    flags: group.flatMap(({ parts }) => parts.flags),
    contexts,
    firstId: first?.firstId ?? 0,
  });
}

/**
 * The segment as it may be written. The hot path sends no heads with credentials; should it ever, the events are
 * written as the decoder shows them, redacted. What is packed was searched before.
 */
export function withoutCredentials(segment: EventSegment): EventSegment {
  const { octets } = segment.parts;
  if (octets.isPacked || !holdsCredentials(octets.bytes.octets)) return segment;
  return segmentOf([...segment]).numbered(segment.firstId);
}

/** The segment of a row; throws where the bytes are no records. */
export function unpackSegment(
  { body, first, stream }: { body: Uint8Array; first: number; stream: number },
  contexts: ReadonlyMap<number, SharedContext>,
): EventSegment {
  const octets = zstdDecompressSync(body, { maxOutputLength: MAX_ROW_BYTES });
  return new EventSegment({
    stream,
    octets: Octets.of(octets),
    ...eventsIn(octets),
    contexts,
    firstId: first,
  });
}
