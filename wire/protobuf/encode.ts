/**
 * Protocol Buffers' wire format, the writing half, for the few messages that a sidecar sends
 * (protobuf.dev/programming-guides/encoding). Strings have one character a byte here, as everywhere in wire/.
 */

/** A message, or a part of one. */
export type Encoded = readonly number[];

const VARINT = 0;
const LENGTH_DELIMITED = 2;

/** A non-negative integer below 2^53. */
export function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return bytes;
}

/** An integer field; 0 is left out, as proto3 has it. */
export function integerField(number: number, value: number): Encoded {
  return value === 0 ? [] : [...varint(number * 8 + VARINT), ...varint(value)];
}

/** A nested message. */
export function messageField(number: number, ...parts: readonly Encoded[]): Encoded {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return [...varint(number * 8 + LENGTH_DELIMITED), ...varint(length), ...parts.flat()];
}

/** Text; empty is left out. Bytes that aren't UTF-8 read `!`, as Envoy has it: a receiver would refuse the message. */
export function stringField(number: number, text: string): Encoded {
  if (text === '') return [];
  return messageField(
    number,
    [...validUtf8(text)].map((character) => character.charCodeAt(0)),
  );
}

/** One entry of a map from text to text. */
export function mapEntry(number: number, key: string, value: string): Encoded {
  return messageField(number, stringField(1, key), stringField(2, value));
}

function validUtf8(text: string): string {
  if (/^[\0-\x7f]*$/.test(text)) return text;
  try {
    const escaped = text.replace(
      /[^a-zA-Z0-9]/g,
      (one) => `%${one.charCodeAt(0).toString(16).padStart(2, '0')}`,
    );
    decodeURIComponent(escaped);
    return text;
  } catch {
    return text.replace(/[^\0-\x7f]/g, '!');
  }
}
