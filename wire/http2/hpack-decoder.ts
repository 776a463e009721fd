/**
 * HPACK's decoding side (RFC 7541 §3, §6), for input that may be hostile: integers, strings, the table and the list
 * that comes out are all bounded. A list that grows too long is decoded to its end (the table must stay in step with
 * the peer's) and kept no further. It judges no field.
 */
import { textOf } from './byte-text.ts';
import type { HeaderField } from './header-field.ts';
import { DynamicTable } from './hpack-dynamic-table.ts';
import { STATIC_LENGTH, STATIC_TABLE } from './hpack-static-table.ts';
import { decodedBound, huffmanDecode } from './huffman.ts';

/** How much of a decoded list is kept. */
export interface ListLimits {
  /** Names and values together. */
  maxBytes: number;
  maxFields: number;
}

export interface DecodedBlock {
  fields: HeaderField[];
  /** What the list exceeded; the fields that didn't fit are missing. */
  overflow: 'bytes' | 'fields' | null;
  /** Names of fields that the sender wants never to be indexed (RFC 7541 §6.2.3); an intermediary keeps to it. */
  neverIndexed: ReadonlySet<string>;
}

const NONE: ReadonlySet<string> = new Set();
/** More is no length and no index that could be meant. */
const MAX_INTEGER = 0xff_ff_ff;

export class HpackDecoder {
  readonly #table: DynamicTable;
  readonly #maxTableBytes: number;
  readonly #limits: ListLimits;
  #scratch = new Uint8Array(512);
  // The block being read.
  #bytes: Uint8Array = this.#scratch;
  #position = 0;
  #end = 0;
  #broken = false;

  /** `maxTableBytes` is what our SETTINGS promise. */
  constructor(limits: ListLimits, maxTableBytes: number) {
    this.#limits = limits;
    this.#maxTableBytes = maxTableBytes;
    this.#table = new DynamicTable(maxTableBytes);
  }

  /** Decodes a whole block; null = it is none, and the connection can't go on (COMPRESSION_ERROR). */
  decode(bytes: Uint8Array, from: number, to: number): DecodedBlock | null {
    this.#bytes = bytes;
    this.#position = from;
    this.#end = to;
    this.#broken = false;
    const block: DecodedBlock = { fields: [], overflow: null, neverIndexed: NONE };
    let listBytes = 0;
    let seen = 0;
    while (this.#position < this.#end) {
      const first = this.#bytes[this.#position] as number;
      if ((first & 0xe0) === 0x20) {
        // Only before the first field (§4.2).
        if (seen > 0 || !this.#resize()) return null;
        continue;
      }
      const field = this.#field(first, block);
      if (field === null || this.#broken) return null;
      seen += 1;
      listBytes += field[0].length + field[1].length;
      if (block.overflow !== null) continue;
      if (listBytes > this.#limits.maxBytes) block.overflow = 'bytes';
      else if (seen > this.#limits.maxFields) block.overflow = 'fields';
      else block.fields.push(field);
    }
    return block;
  }

  #resize(): boolean {
    const size = this.#integer(0x1f);
    if (this.#broken || size > this.#maxTableBytes) return false;
    this.#table.resize(size);
    return true;
  }

  #field(first: number, block: DecodedBlock): HeaderField | null {
    if (first >= 0x80) return this.#lookUp(this.#integer(0x7f));
    if (first >= 0x40) {
      const field = this.#literal(0x3f);
      if (field !== null && !this.#broken) this.#table.add(field);
      return field;
    }
    const field = this.#literal(0x0f);
    if (first >= 0x10 && field !== null) block.neverIndexed = new Set([...block.neverIndexed, field[0]]);
    return field;
  }

  #lookUp(index: number): HeaderField | null {
    if (index === 0) return null;
    const found = index <= STATIC_LENGTH ? STATIC_TABLE[index] : this.#table.at(index - STATIC_LENGTH - 1);
    return found ?? null;
  }

  #literal(prefix: number): HeaderField | null {
    const index = this.#integer(prefix);
    if (index === 0) return [this.#string(), this.#string()];
    const named = this.#lookUp(index);
    return named === null ? null : [named[0], this.#string()];
  }

  /** §5.1; `prefix` is the mask of the first byte's own bits. */
  #integer(prefix: number): number {
    let value = (this.#bytes[this.#position] as number) & prefix;
    this.#position += 1;
    if (value < prefix) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      if (this.#position >= this.#end) break;
      const byte = this.#bytes[this.#position] as number;
      this.#position += 1;
      value += (byte & 0x7f) << shift;
      if (byte < 0x80 && value <= MAX_INTEGER) return value;
    }
    this.#broken = true;
    return 0;
  }

  /** §5.2; empty when broken. One that begins behind the block ends there as well. */
  #string(): string {
    const coded = (this.#bytes[this.#position] as number) >= 0x80;
    const length = this.#integer(0x7f);
    const from = this.#position;
    const to = from + length;
    if (this.#broken || to > this.#end) {
      this.#broken = true;
      return '';
    }
    this.#position = to;
    if (!coded) return textOf(this.#bytes, from, to);
    const bound = decodedBound(length);
    if (this.#scratch.length < bound) this.#scratch = new Uint8Array(bound);
    const decoded = huffmanDecode(this.#bytes, from, to, this.#scratch);
    this.#broken = decoded < 0;
    return this.#broken ? '' : textOf(this.#scratch, 0, decoded);
  }
}
