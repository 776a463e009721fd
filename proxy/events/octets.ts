/**
 * The bytes of a segment as they are kept. Many of them are packed at once, for memory as for the disk: the heads of one
 * client differ in a few bytes, so a tenth remains. Kept as they come they would be what V8 counts most towards its next
 * collection of all garbage: one a second at some thousand requests, 20 ms each.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { holdsCredentials } from './credentials.ts';
import { bytesOf, type Bytes } from './record-layout.ts';

/** Less than this is kept as it is: a few events pack badly. */
const PACKED_FROM = 64 * 1_024;
/** A fast setting, at 0.15 µs an event. */
const PACKING = { params: { [constants.ZSTD_c_compressionLevel]: -3 } };

export class Octets {
  /** What they take in memory. */
  readonly size: number;
  readonly #plain: Bytes | null;
  readonly #packed: Uint8Array | null;
  /** For as long as somebody looks at them. */
  #unpacked: WeakRef<Bytes> | null = null;

  private constructor(plain: Uint8Array | null, packed: Uint8Array | null) {
    this.#plain = plain === null ? null : bytesOf(plain);
    this.#packed = packed;
    this.size = (plain ?? packed)?.length ?? 0;
  }

  /** Keeps `octets` themselves, as they are. */
  static of(octets: Uint8Array): Octets {
    return new Octets(octets, null);
  }

  /** Keeps what is lent: a copy, or packed. What may hold credentials isn't packed, since nobody looks into it then. */
  static keep(lent: Uint8Array): Octets {
    if (lent.length < PACKED_FROM || holdsCredentials(lent)) return Octets.of(new Uint8Array(lent));
    return new Octets(null, packed(lent));
  }

  get isPacked(): boolean {
    return this.#packed !== null;
  }

  /** To be read, not to be kept. */
  get bytes(): Bytes {
    if (this.#plain !== null) return this.#plain;
    const known = this.#unpacked?.deref();
    if (known !== undefined) return known;
    const bytes = bytesOf(zstdDecompressSync(this.#packed ?? NOTHING));
    this.#unpacked = new WeakRef(bytes);
    return bytes;
  }

  /** For the disk, with zstd. */
  get packed(): Uint8Array {
    return this.#packed ?? packed(this.bytes.octets);
  }
}

const NOTHING = new Uint8Array(0);

/** In memory of their own size: the packer's own is larger. */
function packed(octets: Uint8Array): Uint8Array {
  return new Uint8Array(zstdCompressSync(octets, PACKING));
}
