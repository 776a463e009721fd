/** Classes of bytes in HTTP/1 heads (RFC 9110 §5.6.2, RFC 9112 §3.2, §5.5), by table: one look-up a byte. */

/** May not stand there. */
export const NO = 0;
/** May stand there. */
export const YES = 1;
/** A capital letter of a field's name, which is compared in lower case. */
export const CAPITAL = 2;

export const CR = 0x0d;
export const LF = 0x0a;
export const SPACE = 0x20;
export const TAB = 0x09;
export const COLON = 0x3a;

/** Bytes of a token, by class. */
export const TOKEN: Readonly<Uint8Array> = tableOf((byte) => {
  if (byte >= 0x41 && byte <= 0x5a) return CAPITAL;
  const letter = byte >= 0x61 && byte <= 0x7a;
  const digit = byte >= 0x30 && byte <= 0x39;
  return letter || digit || "!#$%&'*+-.^_`|~".includes(String.fromCharCode(byte)) ? YES : NO;
});

/** Bytes of a field's value: visible ones, blanks, and those above ASCII. */
export const VALUE: Readonly<Uint8Array> = tableOf((byte) =>
  byte === TAB || (byte >= SPACE && byte !== 0x7f) ? YES : NO,
);

/** Bytes of a request target, as Envoy's parser has them: visible ASCII. */
export const TARGET: Readonly<Uint8Array> = tableOf((byte) => (byte > SPACE && byte < 0x7f ? YES : NO));

/** Bytes of a host name or an IPv4 address. */
export const HOST: Readonly<Uint8Array> = tableOf((byte) => {
  const letter = (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;
  return letter || (byte >= 0x30 && byte <= 0x39) || byte === 0x2d || byte === 0x2e ? YES : NO;
});

function tableOf(classOf: (byte: number) => number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => classOf(byte));
}
