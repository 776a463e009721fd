/** Bytes to text and back, one character a byte: what header fields are on the wire. */

/** Arguments that one call takes without the risk of a full stack. */
const CHUNK = 4_096;

/** The bytes from `from` up to `to`. */
export function textOf(bytes: Uint8Array, from: number, to: number): string {
  if (to - from <= CHUNK) return String.fromCharCode.apply(null, bytes.subarray(from, to) as never);
  let text = '';
  for (let start = from; start < to; start += CHUNK)
    text += String.fromCharCode.apply(null, bytes.subarray(start, Math.min(to, start + CHUNK)) as never);
  return text;
}

/** Copies text to `target` at `at`. The text has one character a byte; a higher one would be cut to its low byte. */
export function putText(text: string, target: Uint8Array, at: number): void {
  for (let index = 0; index < text.length; index += 1) target[at + index] = text.charCodeAt(index);
}
