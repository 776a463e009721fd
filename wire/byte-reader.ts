/**
 * A cursor over bytes that came off a wire. Owns the bounds check: reading past the end throws `TruncatedError`,
 * which the caller turns into its own refusal.
 */

/** The bytes ended before the value did. */
export class TruncatedError extends Error {
  constructor() {
    super('bytes end before the value does');
    this.name = 'TruncatedError';
  }
}

export interface ByteReader {
  /** Bytes not yet read. */
  left(): number;
  skip(count: number): void;
  uint8(): number;
  uint16(): number;
  /** The next `count` bytes, not copied. */
  take(count: number): Uint8Array;
  /** Bytes behind a length of one byte. */
  vector8(): Uint8Array;
  /** Bytes behind a length of two bytes. */
  vector16(): Uint8Array;
}

export function createByteReader(bytes: Uint8Array): ByteReader {
  let at = 0;
  const take = (count: number): Uint8Array => {
    if (count > bytes.length - at) throw new TruncatedError();
    at += count;
    return bytes.subarray(at - count, at);
  };
  const uint8 = (): number => take(1)[0] ?? 0;
  const uint16 = (): number => (uint8() << 8) | uint8();
  return {
    left: () => bytes.length - at,
    skip: (count) => void take(count),
    uint8,
    uint16,
    take,
    vector8: () => take(uint8()),
    vector16: () => take(uint16()),
  };
}
