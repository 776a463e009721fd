/** One field of a header block: name and value, one character a byte. Shared between tables and lists, never changed. */
export type HeaderField = readonly [name: string, value: string];

/** What the two of HPACK's ends count for a field in their table (RFC 7541 §4.1). */
export function fieldSize([name, value]: HeaderField): number {
  return name.length + value.length + 32;
}
