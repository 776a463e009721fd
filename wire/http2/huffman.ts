/**
 * HPACK's Huffman code (RFC 7541 §5.2). Decoding walks a table four bits at a time; nothing is allocated, and the
 * caller's buffer bounds what comes out.
 */
import { CODE_LENGTHS } from './huffman-lengths.ts';

const EOS = 256;
/** A decoding step: the next state in the low bits, a symbol above them, and what the step did. */
const EMITS = 0x1_00_00;
const FAILS = 0x2_00_00;

const CODES: readonly number[] = canonicalCodes();
const { steps: STEPS, accepting: ACCEPTING } = decodingTable();

/** Codes by symbol, from their lengths alone. */
function canonicalCodes(): number[] {
  const codes: number[] = Array.from({ length: CODE_LENGTHS.length }, () => 0);
  let code = 0;
  for (let length = 5; length <= 30; length += 1) {
    for (let symbol = 0; symbol < CODE_LENGTHS.length; symbol += 1) {
      if (CODE_LENGTHS[symbol] !== length) continue;
      codes[symbol] = code;
      code += 1;
    }
    code *= 2;
  }
  return codes;
}

/** A node of the code's tree: its two children, negative = the symbol `-1 - child`. */
function codeTree(): [number, number][] {
  const tree: [number, number][] = [[0, 0]];
  for (let symbol = 0; symbol <= EOS; symbol += 1) {
    const length = CODE_LENGTHS[symbol] as number;
    let node = 0;
    for (let bit = length - 1; bit >= 0; bit -= 1) {
      const side = ((CODES[symbol] as number) >>> bit) & 1;
      const children = tree[node] as [number, number];
      if (bit === 0) children[side] = -1 - symbol;
      else {
        if (children[side] === 0) children[side] = tree.push([0, 0]) - 1;
        node = children[side] as number;
      }
    }
  }
  return tree;
}

/**
 * Steps by state (a node of the tree) and four bits. The states in which a string may end are those reached from the
 * root by at most seven ones: what is left over is padding, the start of EOS.
 */
function decodingTable(): { steps: Uint32Array; accepting: Uint8Array } {
  const tree = codeTree();
  const steps = new Uint32Array(tree.length * 16);
  for (let state = 0; state < tree.length; state += 1)
    for (let bits = 0; bits < 16; bits += 1) steps[state * 16 + bits] = stepFrom(tree, state, bits);
  const accepting = new Uint8Array(tree.length);
  let node = 0;
  for (let ones = 0; ones <= 7; ones += 1) {
    accepting[node] = 1;
    node = (tree[node] as [number, number])[1];
  }
  return { steps, accepting };
}

/** No code is shorter than five bits: four of them end at most one symbol. */
function stepFrom(tree: readonly [number, number][], state: number, bits: number): number {
  let node = state;
  let emitted = 0;
  for (let bit = 3; bit >= 0; bit -= 1) {
    const child = (tree[node] as [number, number])[(bits >>> bit) & 1] as number;
    if (child >= 0) {
      node = child;
      continue;
    }
    const symbol = -1 - child;
    if (symbol === EOS) return FAILS;
    emitted = EMITS | (symbol << 18);
    node = 0;
  }
  return emitted | node;
}

/** Bytes that `length` coded bytes can become at most. */
export function decodedBound(length: number): number {
  return Math.floor((length * 8) / 5);
}

/** Decodes into `target`, which holds `decodedBound` bytes; the number of bytes, −1 = EOS or bad padding in it. */
export function huffmanDecode(source: Uint8Array, from: number, to: number, target: Uint8Array): number {
  let state = 0;
  let length = 0;
  for (let index = from; index < to; index += 1) {
    const byte = source[index] as number;
    let step = STEPS[state * 16 + (byte >>> 4)] as number;
    if (step >= EMITS) {
      if ((step & FAILS) !== 0) return -1;
      target[length] = step >>> 18;
      length += 1;
    }
    step = STEPS[(step & 0xff_ff) * 16 + (byte & 0xf)] as number;
    if (step >= EMITS) {
      if ((step & FAILS) !== 0) return -1;
      target[length] = step >>> 18;
      length += 1;
    }
    state = step & 0xff_ff;
  }
  return ACCEPTING[state] === 1 ? length : -1;
}

/** Bytes that the text takes when coded. */
export function huffmanLength(text: string): number {
  let bits = 0;
  for (let index = 0; index < text.length; index += 1)
    bits += CODE_LENGTHS[text.charCodeAt(index) & 0xff] as number;
  return (bits + 7) >>> 3;
}

/** Codes the text into `target` at `at`; the last byte is filled with ones. */
export function huffmanEncode(text: string, target: Uint8Array, at: number): void {
  let position = at;
  let pending = 0;
  let bits = 0;
  for (let index = 0; index < text.length; index += 1) {
    const symbol = text.charCodeAt(index) & 0xff;
    const length = CODE_LENGTHS[symbol] as number;
    // At most 7 + 30 bits: a product, since a shift would lose those above the 32nd.
    pending = pending * 2 ** length + (CODES[symbol] as number);
    bits += length;
    while (bits >= 8) {
      bits -= 8;
      const unit = 2 ** bits;
      target[position] = Math.floor(pending / unit);
      position += 1;
      pending %= unit;
    }
  }
  if (bits > 0) target[position] = ((pending << (8 - bits)) | (0xff >>> bits)) & 0xff;
}
