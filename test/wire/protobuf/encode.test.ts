import { describe, expect, it } from 'vitest';
import { integerField, messageField, stringField, varint } from '../../../wire/protobuf/encode.ts';

describe('an encoded field', () => {
  it('is left out where it says nothing', () => {
    expect([...integerField(1, 0), ...stringField(2, '')]).toEqual([]);
  });

  it('writes ! for bytes that are no UTF-8, which a receiver would refuse the whole message for', () => {
    expect(stringField(1, 'a\xff')).toEqual([0x0a, 2, 0x61, 0x21]);
    expect(stringField(1, '\xc3\xa9')).toEqual([0x0a, 2, 0xc3, 0xa9]);
    expect(stringField(1, '\n\xc3\xa9')).toEqual([0x0a, 3, 0x0a, 0xc3, 0xa9]);
  });

  it('has its length before it, nested or not', () => {
    expect(messageField(1, stringField(2, 'x'))).toEqual([0x0a, 3, 0x12, 1, 0x78]);
  });

  it('takes integers of more than 32 bits', () => {
    expect(varint(2 ** 35)).toEqual([0x80, 0x80, 0x80, 0x80, 0x80, 0x01]);
  });
});
