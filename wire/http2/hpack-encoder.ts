/**
 * HPACK's encoding side (RFC 7541 §6). A field is put into the table when it is seen for the second time in a row:
 * what repeats is one byte from then on, what changes with each message pushes nothing out. Credentials are never
 * indexed (§7.1.3), nor what the sender before us marked so. Huffman coding is spent on what goes into the table
 * only: on a loopback bytes are cheaper than time.
 */
import { CREDENTIAL_FIELDS } from '../credential-fields.ts';
import { putText } from './byte-text.ts';
import { fieldSize, type HeaderField } from './header-field.ts';
import { DynamicTable } from './hpack-dynamic-table.ts';
import { STATIC_LENGTH, STATIC_TABLE } from './hpack-static-table.ts';
import { huffmanEncode, huffmanLength } from './huffman.ts';
import type { OutputBuffer } from './output-buffer.ts';

/** The table that we use, however much the peer offers. */
const MAX_TABLE_BYTES = 4_096;
/** Longer fields would push out too much. */
const MAX_INDEXED_BYTES = 512;
/** Names that are remembered beside those of the static table. */
const MAX_NAMES = 256;
const CREDENTIALS: ReadonlySet<string> = new Set(CREDENTIAL_FIELDS);

/** What is known of a name. */
interface NameEntry {
  /** Index in the static table; 0 = not there. */
  staticIndex: number;
  staticValues: Map<string, number> | null;
  /** Values in the dynamic table, by the number of their insertion. */
  values: Map<string, number>;
  /** The value that was last written as a literal. */
  last: string | null;
  credential: boolean;
}

export class HpackEncoder {
  readonly #names = new Map<string, NameEntry>();
  readonly #table = new DynamicTable(MAX_TABLE_BYTES, (field) => this.#evicted(field));
  #insertions = 0;
  /** Size updates that the next block begins with: the lowest since the last one, then the one in force. */
  #updates: number[] = [];

  constructor() {
    for (let index = 1; index <= STATIC_LENGTH; index += 1) {
      const [name, value] = STATIC_TABLE[index] as HeaderField;
      const entry = this.#names.get(name) ?? this.#remember(name);
      if (entry.staticIndex === 0) entry.staticIndex = index;
      if (value !== '')
        entry.staticValues = (entry.staticValues ?? new Map<string, number>()).set(value, index);
    }
  }

  /** The peer's SETTINGS_HEADER_TABLE_SIZE. */
  setMaxTableBytes(bytes: number): void {
    const size = Math.min(bytes, MAX_TABLE_BYTES);
    if (size === this.#table.capacity) return;
    const lowest = Math.min(size, ...this.#updates);
    this.#updates = lowest < size ? [lowest, size] : [size];
    this.#table.resize(size);
  }

  /** Writes one field; call `begin` before the first of a block. */
  write(output: OutputBuffer, name: string, value: string, neverIndexed: ReadonlySet<string>): void {
    const entry = this.#names.get(name) ?? this.#remember(name);
    const known = entry.staticValues?.get(value);
    if (known !== undefined) {
      putInteger(output, 0x80, 0x7f, known);
      return;
    }
    const inserted = entry.values.get(value);
    if (inserted !== undefined) {
      putInteger(output, 0x80, 0x7f, this.#index(inserted));
      return;
    }
    if (entry.credential || neverIndexed.has(name)) this.#literal(output, 0x10, entry, name, value);
    else if (entry.last === value && this.#fits(name, value)) this.#insert(output, entry, name, value);
    else {
      entry.last = value.length <= MAX_INDEXED_BYTES ? value : null;
      this.#literal(output, 0x00, entry, name, value);
    }
  }

  /** Begins a block: what the peer must know of the table's size. */
  begin(output: OutputBuffer): void {
    if (this.#updates.length === 0) return;
    for (const size of this.#updates) putInteger(output, 0x20, 0x1f, size);
    this.#updates = [];
  }

  #fits(name: string, value: string): boolean {
    return (
      name.length + value.length <= MAX_INDEXED_BYTES && fieldSize([name, value]) <= this.#table.capacity
    );
  }

  #insert(output: OutputBuffer, entry: NameEntry, name: string, value: string): void {
    const index = this.#nameIndex(entry);
    putInteger(output, 0x40, 0x3f, index);
    if (index === 0) putString(output, name, 'huffman');
    putString(output, value, 'huffman');
    this.#insertions += 1;
    entry.values.set(value, this.#insertions);
    this.#table.add([name, value]);
  }

  #literal(output: OutputBuffer, pattern: number, entry: NameEntry, name: string, value: string): void {
    const index = this.#nameIndex(entry);
    putInteger(output, pattern, 0x0f, index);
    if (index === 0) putString(output, name, 'raw');
    putString(output, value, 'raw');
  }

  /** The static table's, else that of any value in the dynamic one; 0 = the name is written out. */
  #nameIndex(entry: NameEntry): number {
    if (entry.staticIndex > 0) return entry.staticIndex;
    for (const inserted of entry.values.values()) return this.#index(inserted);
    return 0;
  }

  #index(inserted: number): number {
    return STATIC_LENGTH + 1 + this.#insertions - inserted;
  }

  #evicted([name, value]: HeaderField): void {
    this.#names.get(name)?.values.delete(value);
  }

  #remember(name: string): NameEntry {
    if (this.#names.size >= MAX_NAMES) this.#forget();
    const credential = CREDENTIALS.has(name);
    const entry: NameEntry = {
      staticIndex: 0,
      staticValues: null,
      values: new Map(),
      last: null,
      credential,
    };
    this.#names.set(name, entry);
    return entry;
  }

  /** Names that no table holds: a peer could send new ones for ever. */
  #forget(): void {
    for (const [name, entry] of this.#names)
      if (entry.staticIndex === 0 && entry.values.size === 0) this.#names.delete(name);
  }
}

/** RFC 7541 §5.1: `pattern` are the bits above the prefix, `prefix` its mask. */
function putInteger(output: OutputBuffer, pattern: number, prefix: number, value: number): void {
  if (value < prefix) {
    const at = output.reserve(1);
    output.bytes[at] = pattern | value;
    return;
  }
  let at = output.reserve(1);
  output.bytes[at] = pattern | prefix;
  let rest = value - prefix;
  while (rest >= 0x80) {
    at = output.reserve(1);
    output.bytes[at] = 0x80 | (rest & 0x7f);
    rest >>>= 7;
  }
  at = output.reserve(1);
  output.bytes[at] = rest;
}

function putString(output: OutputBuffer, text: string, coding: 'raw' | 'huffman'): void {
  const coded = coding === 'huffman' ? huffmanLength(text) : text.length;
  if (coded < text.length) {
    putInteger(output, 0x80, 0x7f, coded);
    const at = output.reserve(coded);
    huffmanEncode(text, output.bytes, at);
    return;
  }
  putInteger(output, 0x00, 0x7f, text.length);
  const at = output.reserve(text.length);
  putText(text, output.bytes, at);
}
