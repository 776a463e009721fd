import { describe, expect, it } from 'vitest';
import { readFields } from '../../../wire/protobuf/decode.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);

describe('bytes that are no message', () => {
  it.each([
    ['a length past the end', bytes(0x0a, 0x05, 0x61)],
    ['a length that never ends', bytes(0x0a, ...Array.from({ length: 11 }, () => 0xff))],
    ['a key without its value', bytes(0x08)],
    ['a key that ends within', bytes(0x08, 1, 0x88)],
    ['a number of eleven bytes', bytes(0x08, ...Array.from({ length: 10 }, () => 0x80), 0x01)],
    ['a fixed64 of seven bytes', bytes(0x09, 1, 2, 3, 4, 5, 6, 7)],
    ['field number 0', bytes(0x00, 0x01)],
    ['a group', bytes(0x0b)],
    ['a fixed32 of three bytes', bytes(0x0d, 1, 2, 3)],
  ])('are refused: %s', (_what, message) => {
    expect(readFields(message)).toBeNull();
  });
});

describe('a message', () => {
  it('gives its fields in order, each with its number', () => {
    expect(readFields(bytes(0x08, 0xac, 0x02, 0x12, 0x02, 0x68, 0x69))).toEqual([
      { number: 1, kind: 'integer', value: 300 },
      { number: 2, kind: 'bytes', value: bytes(0x68, 0x69) },
    ]);
  });

  it('gives numbers of fixed width as their bytes', () => {
    const eight = [1, 2, 3, 4, 5, 6, 7, 8];
    expect(readFields(bytes(0x09, ...eight, 0x15, 1, 2, 3, 4, 0x18, 5))).toEqual([
      { number: 1, kind: 'bytes', value: bytes(...eight) },
      { number: 2, kind: 'bytes', value: bytes(1, 2, 3, 4) },
      { number: 3, kind: 'integer', value: 5 },
    ]);
  });

  it('takes a number of ten bytes, and 128 in two', () => {
    const ten = [...Array.from({ length: 9 }, () => 0x80), 0x00];
    expect(readFields(bytes(0x08, ...ten, 0x10, 0x80, 0x01))).toEqual([
      { number: 1, kind: 'integer', value: 0 },
      { number: 2, kind: 'integer', value: 128 },
    ]);
  });

  it('may be empty', () => {
    expect(readFields(bytes())).toEqual([]);
  });
});
