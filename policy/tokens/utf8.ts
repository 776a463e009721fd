/** UTF-8 without Node or DOM: strict both ways, linear. */

/** The text of well-formed UTF-8; null for anything else (overlong, surrogates, cut off). */
export function decodeUtf8(bytes: Uint8Array): string | null {
  const parts: string[] = [];
  let units: number[] = [];
  for (let index = 0; index < bytes.length; ) {
    const first = bytes[index] as number;
    const size =
      first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    if (size === 0 || index + size > bytes.length) return null;
    let point = size === 1 ? first : first & (0x7f >> size);
    for (let next = 1; next < size; next += 1) {
      const byte = bytes[index + next] as number;
      if ((byte & 0xc0) !== 0x80) return null;
      point = (point << 6) | (byte & 0x3f);
    }
    if (
      (size === 3 && (point < 0x800 || (point >= 0xd800 && point <= 0xdfff))) ||
      (size === 4 && (point < 0x10000 || point > 0x10ffff))
    )
      return null;
    units.push(point);
    if (units.length === CHUNK) {
      parts.push(String.fromCodePoint(...units));
      units = [];
    }
    index += size;
  }
  return parts.join('') + String.fromCodePoint(...units);
}

/** The UTF-8 bytes of a text; a lone surrogate becomes U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const character of text.toWellFormed()) {
    const point = character.codePointAt(0) as number;
    if (point < 0x80) bytes.push(point);
    else if (point < 0x800) bytes.push(0xc0 | (point >> 6), 0x80 | (point & 0x3f));
    else if (point < 0x10000)
      bytes.push(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 0x3f), 0x80 | (point & 0x3f));
    else
      bytes.push(
        0xf0 | (point >> 18),
        0x80 | ((point >> 12) & 0x3f),
        0x80 | ((point >> 6) & 0x3f),
        0x80 | (point & 0x3f),
      );
  }
  return Uint8Array.from(bytes);
}

/** `String.fromCodePoint` takes its arguments from the stack. */
const CHUNK = 4096;
