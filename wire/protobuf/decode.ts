/**
 * Protocol Buffers' wire format, the reading half: the fields of one message, bounded by its bytes. Groups, which
 * nothing speaks any more, and lengths past the end are refused.
 */

/** One field as it stands; its meaning is the caller's. Numbers above 2^53 lose precision. */
export type Field =
  | { number: number; kind: 'integer'; value: number }
  | { number: number; kind: 'bytes'; value: Uint8Array };

/** The fields in order; null when the bytes are no message. */
export function readFields(bytes: Uint8Array): Field[] | null {
  const fields: Field[] = [];
  const cursor = { bytes, at: 0 };
  while (cursor.at < bytes.length) {
    const key = readVarint(cursor);
    if (key === null || key < 8) return null;
    const field = readValue(cursor, Math.floor(key / 8), key % 8);
    if (field === null) return null;
    fields.push(field);
  }
  return fields;
}

/** Text of a field, one character a byte. */
export function textOf(value: Uint8Array): string {
  let text = '';
  for (const byte of value) text += String.fromCharCode(byte);
  return text;
}

interface Cursor {
  bytes: Uint8Array;
  at: number;
}

function readValue(cursor: Cursor, number: number, wireType: number): Field | null {
  switch (wireType) {
    case 0: {
      const value = readVarint(cursor);
      return value === null ? null : { number, kind: 'integer', value };
    }
    case 1:
      return take(cursor, number, 8);
    case 2: {
      const length = readVarint(cursor);
      return length === null ? null : take(cursor, number, length);
    }
    case 5:
      return take(cursor, number, 4);
    default:
      return null;
  }
}

function take(cursor: Cursor, number: number, length: number): Field | null {
  const end = cursor.at + length;
  if (end > cursor.bytes.length) return null;
  const value = cursor.bytes.subarray(cursor.at, end);
  cursor.at = end;
  return { number, kind: 'bytes', value };
}

/** At most ten bytes, as a 64-bit number takes. */
function readVarint(cursor: Cursor): number | null {
  let value = 0;
  for (let shift = 0; shift < 10; shift += 1) {
    const byte = cursor.bytes[cursor.at];
    if (byte === undefined) return null;
    cursor.at += 1;
    value += (byte & 0x7f) * 2 ** (7 * shift);
    if (byte < 0x80) return value;
  }
  return null;
}
