/**
 * Base64 of tokens and of claim headers, on bytes, without Node or DOM. Tells what Envoy's decoder takes apart from
 * what is written strictly: a token may be neither padded nor spaced, nor have bits to spare.
 */

/** Decoded bytes, and in what they aren't written strictly. */
export interface Decoded {
  bytes: Uint8Array;
  /** Blanks within, or `=` at the end. */
  padded: boolean;
  /** Bits beyond the last byte that aren't zero: another text for the same bytes. */
  spareBits: boolean;
}

const URL_SAFE = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const STANDARD = `${URL_SAFE.slice(0, 62)}+/`;
const SIX_BITS = new Int8Array(128).fill(-1);
for (let index = 0; index < URL_SAFE.length; index += 1) SIX_BITS[URL_SAFE.charCodeAt(index)] = index;

/** Decodes base64url as Envoy does: blanks anywhere, padding or none. null = Envoy takes it for none. */
export function decodeBase64Url(text: string): Decoded | null {
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4) + 1);
  let length = 0;
  let pending = 0;
  let bits = 0;
  let digits = 0;
  let padding = 0;
  let blanks = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (isBlank(code)) {
      blanks = true;
      continue;
    }
    if (code === EQUALS) {
      padding += 1;
      continue;
    }
    const value = code < 128 ? (SIX_BITS[code] as number) : -1;
    if (value < 0 || padding > 0) return null;
    digits += 1;
    pending = ((pending << 6) | value) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[length] = (pending >> bits) & 0xff;
      length += 1;
    }
  }
  const rest = digits % 4;
  if (rest === 1 || (padding > 0 && padding !== (4 - rest) % 4)) return null;
  const spareBits = (pending & ((1 << bits) - 1)) !== 0;
  return { bytes: bytes.slice(0, length), padded: blanks || padding > 0, spareBits };
}

/** Base64url without padding. */
export function encodeBase64Url(bytes: Uint8Array): string {
  return encode(bytes, URL_SAFE);
}

/** Base64 with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  const text = encode(bytes, STANDARD);
  return text + '='.repeat((4 - (text.length % 4)) % 4);
}

const EQUALS = 0x3d;

function isBlank(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}

function encode(bytes: Uint8Array, alphabet: string): string {
  let text = '';
  let pending = 0;
  let bits = 0;
  for (const byte of bytes) {
    pending = ((pending << 8) | byte) & 0xffff;
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      text += alphabet.charAt((pending >> bits) & 63);
    }
  }
  return bits > 0 ? text + alphabet.charAt((pending << (6 - bits)) & 63) : text;
}
