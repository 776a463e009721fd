import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KIND, writeHeader } from '../../../proxy/events/record-layout.ts';
import { createRingMemory, RingReader, RingWriter } from '../../../proxy/events/ring.ts';
import { eventsIn } from '../../../proxy/events/segment-reader.ts';

/** Writes a record of `size` bytes whose last byte is `mark`; false when the ring is full. */
function put(writer: RingWriter, size: number, mark: number): boolean {
  const at = writer.reserve(size);
  if (at < 0) return false;
  writeHeader(writer.target, at, size, KIND.event, 0);
  writer.target.octets[at + size - 1] = mark;
  writer.publish(size);
  return true;
}

/** The marks of all records in the ring. */
function take(reader: RingReader): number[] {
  const octets = reader.read() ?? new Uint8Array(0);
  const { offsets } = eventsIn(octets);
  const ends = [...offsets, octets.length].slice(1);
  const gapless = ends.map((end, index) => {
    const at = offsets[index] ?? 0;
    return octets[at + new DataView(octets.buffer).getUint32(at, true) - 1] ?? end;
  });
  return gapless;
}

describe('the ring of events', () => {
  it('refuses a capacity that is no power of two', () => {
    expect(() => createRingMemory(96)).toThrow('no power of two');
  });

  it('refuses what has no room, without waiting, and takes more once it was read', () => {
    const memory = createRingMemory(64);
    const writer = new RingWriter(memory);
    const reader = new RingReader(memory);
    expect([put(writer, 24, 1), put(writer, 24, 2), put(writer, 24, 3)]).toEqual([true, true, false]);
    expect(take(reader)).toEqual([1, 2]);
    expect(reader.read()).toBe(null);
    expect(put(writer, 24, 3)).toBe(true);
    expect(take(reader)).toEqual([3]);
  });

  it('refuses a record larger than itself for good', () => {
    expect(put(new RingWriter(createRingMemory(64)), 72, 1)).toBe(false);
  });

  it('shows nothing that is not published', () => {
    const memory = createRingMemory(64);
    new RingWriter(memory).reserve(24);
    expect(new RingReader(memory).read()).toBe(null);
  });

  it('tells each drop once', () => {
    const memory = createRingMemory(64);
    const [writer, reader] = [new RingWriter(memory), new RingReader(memory)];
    writer.drop();
    writer.drop();
    expect([reader.dropped(), reader.dropped()]).toEqual([2, 0]);
  });

  it('is announced once until it is read', () => {
    const memory = createRingMemory(64);
    const [writer, reader] = [new RingWriter(memory), new RingReader(memory)];
    expect([writer.announce(), writer.announce()]).toEqual([true, false]);
    reader.read();
    expect(writer.announce()).toBe(true);
  });

  it('gives back what went in, in order, whatever the sizes and whenever it is read', () => {
    const steps = fc.array(fc.oneof(fc.integer({ min: 1, max: 12 }), fc.constant(0)), { maxLength: 200 });
    fc.assert(
      fc.property(steps, (sizes) => {
        const memory = createRingMemory(128);
        const [writer, reader] = [new RingWriter(memory), new RingReader(memory)];
        const written: number[] = [];
        const read: number[] = [];
        sizes.forEach((words, index) => {
          const mark = index % 256;
          if (words === 0) read.push(...take(reader));
          else if (put(writer, words * 8, mark)) written.push(mark);
        });
        read.push(...take(reader));
        expect(read).toEqual(written);
      }),
    );
  });
});
