/**
 * The PROXY protocol, version 2, for TCP over IPv4: the header by which a relay says whose connection it hands on
 * (https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt, section 2.2). Pure: bytes <-> values.
 */
import { parseIpAddress } from '../model/ip-block.ts';

export interface ProxyAddress {
  /** Dotted. */
  address: string;
  port: number;
}

export interface ProxyHeader {
  source: ProxyAddress;
  destination: ProxyAddress;
  /** Type, length and value vectors, in their order. */
  tlvs: readonly { type: number; value: Uint8Array }[];
}

export type ProxyReading =
  /** `length`: its bytes; what follows is the connection's own. */
  | { kind: 'header'; header: ProxyHeader; length: number }
  | { kind: 'need-more' }
  /** Not such a header, or one that we don't take: another version, UDP, IPv6, too long. */
  | { kind: 'other' };

/** The first of the types that the specification leaves to applications (PP2_TYPE_MIN_CUSTOM). */
export const SECRET_TLV = 0xe0;

const SIGNATURE = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a];
const VERSION_2_PROXY = 0x21;
const TCP_OVER_IPV4 = 0x11;
const FIXED_LENGTH = 16;
const ADDRESSES_LENGTH = 12;
/** More than any relay of ours says; what is longer isn't waited for. */
const LONGEST = 536;

/** Reads a header at the start of a connection's bytes. */
export function readProxyHeader(bytes: Uint8Array): ProxyReading {
  const begins = SIGNATURE.every((byte, index) => index >= bytes.length || bytes[index] === byte);
  if (!begins) return { kind: 'other' };
  if (bytes.length < FIXED_LENGTH) return { kind: 'need-more' };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = FIXED_LENGTH + view.getUint16(14);
  const known = bytes[12] === VERSION_2_PROXY && bytes[13] === TCP_OVER_IPV4;
  if (!known || length > LONGEST || length < FIXED_LENGTH + ADDRESSES_LENGTH) return { kind: 'other' };
  if (bytes.length < length) return { kind: 'need-more' };
  const tlvs = readTlvs(bytes.subarray(FIXED_LENGTH + ADDRESSES_LENGTH, length));
  if (tlvs === null) return { kind: 'other' };
  const source = { address: dotted(bytes, 16), port: view.getUint16(24) };
  const destination = { address: dotted(bytes, 20), port: view.getUint16(26) };
  return { kind: 'header', header: { source, destination, tlvs }, length };
}

/** The bytes of a header. @throws RangeError for what isn't an IPv4 address or a port */
export function proxyHeader({ source, destination, tlvs }: ProxyHeader): Uint8Array {
  const said = tlvs.flatMap(({ type, value }) => [type, ...twoBytes(value.length), ...value]);
  return Uint8Array.from([
    ...SIGNATURE,
    VERSION_2_PROXY,
    TCP_OVER_IPV4,
    ...twoBytes(ADDRESSES_LENGTH + said.length),
    ...fourBytes(source.address),
    ...fourBytes(destination.address),
    ...twoBytes(source.port),
    ...twoBytes(destination.port),
    ...said,
  ]);
}

/** Null where they don't fill the header exactly. */
function readTlvs(bytes: Uint8Array): { type: number; value: Uint8Array }[] | null {
  const tlvs: { type: number; value: Uint8Array }[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [type, high, low] = bytes.subarray(at, at + 3);
    if (type === undefined || high === undefined || low === undefined) return null;
    const end = at + 3 + high * 256 + low;
    if (end > bytes.length) return null;
    tlvs.push({ type, value: bytes.subarray(at + 3, end) });
    at = end;
  }
  return tlvs;
}

function dotted(bytes: Uint8Array, at: number): string {
  return bytes.subarray(at, at + 4).join('.');
}

function fourBytes(address: string): Uint8Array {
  const bytes = parseIpAddress(address);
  if (bytes?.length !== 4) throw new RangeError(`not an IPv4 address: ${address}`);
  return bytes;
}

function twoBytes(value: number): [number, number] {
  if (!Number.isInteger(value) || value < 0 || value > 0xff_ff)
    throw new RangeError(`not a number of 16 bits: ${value}`);
  return [value >> 8, value & 0xff];
}
