/** The small parts that hold bytes, ids and windows. */
import { describe, expect, it } from 'vitest';
import { putText, textOf } from '../../../wire/http2/byte-text.ts';
import { fieldSize } from '../../../wire/http2/header-field.ts';
import { DynamicTable } from '../../../wire/http2/hpack-dynamic-table.ts';
import { OutputBuffer } from '../../../wire/http2/output-buffer.ts';
import { FRAME } from '../../../wire/http2/protocol.ts';
import { ReceiveWindow } from '../../../wire/http2/receive-window.ts';
import { ResetMemory } from '../../../wire/http2/reset-memory.ts';
import { framesOf } from '../../support/http2-frames.ts';

describe('text of bytes', () => {
  it('is one character a byte, however long', () => {
    for (const length of [0, 1, 4_095, 4_096, 4_097, 12_289]) {
      const bytes = Uint8Array.from({ length: length + 2 }, (_, index) => (index * 7) & 0xff);
      const text = textOf(bytes, 1, length + 1);
      expect(text).toBe(Buffer.from(bytes.subarray(1, length + 1)).toString('latin1'));
    }
  });

  it('goes back to its place, and not beyond', () => {
    const target = new Uint8Array(5).fill(9);
    putText('aÿ', target, 1);
    expect([...target]).toEqual([9, 97, 255, 9, 9]);
  });
});

describe('an output buffer', () => {
  it('grows and keeps what is in it', () => {
    const output = new OutputBuffer();
    const first = Uint8Array.from({ length: 4_000 }, (_, index) => index & 0xff);
    output.append(first);
    output.append(first);
    expect(output.length).toBe(8_000);
    const taken = output.take();
    expect(Buffer.compare(taken, Buffer.concat([first, first]))).toBe(0);
    expect(output.length).toBe(0);
  });

  it('gives away what it never writes over', () => {
    for (const size of [10, 16_383, 16_384, 20_000]) {
      const output = new OutputBuffer();
      output.append(new Uint8Array(size).fill(1));
      const taken = output.take();
      output.append(new Uint8Array(size).fill(2));
      expect(taken).toHaveLength(size);
      expect(taken.every((byte) => byte === 1)).toBe(true);
    }
  });

  it('copies what is small, and hands over what is large with a new buffer behind it', () => {
    const output = new OutputBuffer();
    output.append(new Uint8Array(16_383));
    const before = output.bytes;
    output.take();
    expect(output.bytes).toBe(before);
    output.append(new Uint8Array(16_384));
    const buffer = output.bytes;
    expect(output.take().buffer).toBe(buffer.buffer);
    expect(output.bytes).toHaveLength(4_096);
  });

  it('forgets what stands behind a length', () => {
    const output = new OutputBuffer();
    output.append(Uint8Array.of(1, 2, 3));
    output.truncate(1);
    output.append(Uint8Array.of(4));
    expect([...output.take()]).toEqual([1, 4]);
  });

  it('has room for exactly what it holds', () => {
    const output = new OutputBuffer();
    const { bytes } = output;
    expect(output.reserve(4_096)).toBe(0);
    expect(output.bytes).toBe(bytes);
    expect(output.reserve(1)).toBe(4_096);
    expect(output.bytes).toHaveLength(8_192);
  });
});

describe('the connection’s receive window', () => {
  const window = (size: number) => {
    const output = new OutputBuffer();
    const made = new ReceiveWindow(output, size);
    const written = () =>
      framesOf(Buffer.from(output.take())).map(({ type, stream, payload }) => {
        expect([type, stream]).toEqual([FRAME.WINDOW_UPDATE, 0]);
        return payload.readUInt32BE(0);
      });
    return { made, written };
  };

  it('is opened to its size, which is never less than what HTTP/2 begins with', () => {
    const wide = window(100_000);
    wide.made.begin();
    expect(wide.written()).toEqual([100_000 - 65_535]);
    expect([wide.made.take(100_000), wide.made.take(1)]).toEqual([true, false]);
    for (const size of [1, 65_535]) {
      const least = window(size);
      least.made.begin();
      expect(least.written()).toEqual([]);
      expect([least.made.take(65_535), least.made.take(1)]).toEqual([true, false]);
    }
  });

  it('is given back in halves', () => {
    const { made, written } = window(70_000);
    made.begin();
    written();
    expect(made.take(70_000)).toBe(true);
    expect([made.credit(34_999), written()]).toEqual([false, []]);
    expect([made.credit(1), written()]).toEqual([true, [35_000]]);
    expect([made.take(35_000), made.take(1)]).toEqual([true, false]);
    expect([made.credit(34_999), written()]).toEqual([false, []]);
  });
});

describe('the memory of streams that were reset', () => {
  it('knows the last 1,024, and believes the best of those before', () => {
    const memory = new ResetMemory();
    expect(memory.has(1)).toBe(false);
    for (let id = 11; id < 11 + 2 * 1_024; id += 2) memory.add(id);
    expect([memory.has(11), memory.has(2_057), memory.has(9), memory.has(13), memory.has(2_059)]).toEqual([
      true,
      true,
      false,
      true,
      false,
    ]);
    memory.add(2_059);
    expect([memory.has(1), memory.has(9), memory.has(11), memory.has(2_061)]).toEqual([
      true,
      true,
      true,
      false,
    ]);
    memory.add(3);
    expect([memory.has(13), memory.has(12), memory.has(14)]).toEqual([true, true, false]);
  });

  it('forgets nothing of what it once believed', () => {
    const memory = new ResetMemory();
    memory.add(4_001);
    for (let id = 1; id < 1 + 2 * 1_025; id += 2) memory.add(id);
    expect(memory.has(3_999)).toBe(true);
  });
});

describe('the dynamic table', () => {
  const field = (at: number): [string, string] => [`n${at}`, `v${at}`];

  it('has the newest first, and grows', () => {
    const table = new DynamicTable(100_000);
    for (let at = 0; at < 40; at += 1) {
      table.add(field(at));
      expect(table.length).toBe(at + 1);
      expect(table.at(0)).toEqual(field(at));
      expect(table.at(at)).toEqual(field(0));
      expect(table.at(at + 1)).toBeUndefined();
    }
    expect(Array.from({ length: 40 }, (_, at) => table.at(at))).toEqual(
      Array.from({ length: 40 }, (_, at) => field(39 - at)),
    );
  });

  it('lets the oldest go, and tells which', () => {
    const gone: string[] = [];
    const table = new DynamicTable(3 * 36, ([name]) => gone.push(name));
    for (let at = 0; at < 5; at += 1) table.add(field(at));
    expect([table.length, gone, table.at(2), table.at(3)]).toEqual([3, ['n0', 'n1'], field(2), undefined]);
    table.resize(2 * 36 - 1);
    expect([table.length, gone, table.capacity]).toEqual([1, ['n0', 'n1', 'n2', 'n3'], 71]);
    table.resize(36);
    expect(table.length).toBe(1);
    table.resize(35);
    expect(table.length).toBe(0);
  });

  it('wraps around its ring, and grows from anywhere in it', () => {
    const table = new DynamicTable(16 * 36);
    for (let at = 0; at < 10; at += 1) table.add(field(at));
    table.resize(8 * 36);
    table.resize(20 * 36);
    for (let at = 10; at < 30; at += 1) table.add(['n', String(at)]);
    expect(table.at(0)).toEqual(['n', '29']);
    expect(table.at(18)).toEqual(['n', '11']);
    expect(table.length).toBeGreaterThan(18);
  });

  it('is emptied by a field that is larger than itself', () => {
    const table = new DynamicTable(40);
    table.add(field(1));
    table.add(['a'.repeat(4), 'b'.repeat(4)]);
    expect(table.length).toBe(1);
    table.add(['a'.repeat(5), 'b'.repeat(4)]);
    expect(table.length).toBe(0);
    table.add(field(2));
    expect([table.length, table.at(0)]).toEqual([1, field(2)]);
  });

  it('counts thirty-two bytes beside name and value', () => {
    expect(fieldSize(['abc', 'de'])).toBe(37);
  });
});
