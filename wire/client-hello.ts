/**
 * Reads the first bytes of a connection as Envoy's TLS inspector does: is it TLS, and if so which server name and
 * protocols does the ClientHello ask for? Owns the reassembly of the hello from its records. Pure and bounded:
 * it never reads past `MAX_CLIENT_HELLO_BYTES` and refuses what it cannot follow instead of guessing.
 */
import { createByteReader, TruncatedError } from './byte-reader.ts';

/** Envoy's own limit. */
export const MAX_CLIENT_HELLO_BYTES = 64 * 1024;

/** What the first bytes of a connection turned out to be. */
export type ClientHelloReading =
  | { kind: 'need-more' }
  /** Not TLS: the bytes belong to the application's protocol. */
  | { kind: 'plaintext' }
  | { kind: 'client-hello' /** Lower-case. */; sni: string | null; alpn: string[] }
  /** It starts like TLS and isn't: nothing may be done with it. */
  | { kind: 'invalid'; reason: string };

const HANDSHAKE_RECORD = 22;
const TLS_MAJOR = 3;
const RECORD_HEADER = 5;
/** RFC 8446 §5.1: a plaintext fragment is at most 2^14 bytes. */
const MAX_FRAGMENT = 1 << 14;
const HANDSHAKE_HEADER = 4;
const CLIENT_HELLO = 1;
const EXTENSION_SERVER_NAME = 0;
const EXTENSION_ALPN = 16;
const HOST_NAME = 0;
const MAX_HOST_NAME = 255;

/**
 * Reads what has arrived so far. Call it again with all bytes from the beginning when it answers `need-more`.
 * A client may cut the hello at any byte, into records and into segments.
 */
export function readClientHello(bytes: Uint8Array): ClientHelloReading {
  if (bytes.length === 0) return { kind: 'need-more' };
  if (bytes[0] !== HANDSHAKE_RECORD) return { kind: 'plaintext' };
  if (bytes.length > 1 && bytes[1] !== TLS_MAJOR) return { kind: 'plaintext' };
  const message = reassemble(bytes);
  if ('kind' in message) return message;
  try {
    return parseHello(message.body);
  } catch (error) {
    if (error instanceof TruncatedError)
      return { kind: 'invalid', reason: 'a length in the ClientHello points past its end' };
    throw error;
  }
}

/** Collects the handshake message from its records; copies only when it is complete, so that a drip costs little. */
function reassemble(bytes: Uint8Array): { body: Uint8Array } | ClientHelloReading {
  const header: number[] = [];
  const fragments: [start: number, end: number][] = [];
  let collected = 0;
  let wanted: number | null = null;
  let at = 0;
  while (wanted === null || collected < wanted) {
    if (at + RECORD_HEADER > bytes.length) return more(bytes);
    if (bytes[at] !== HANDSHAKE_RECORD || bytes[at + 1] !== TLS_MAJOR) {
      return { kind: 'invalid', reason: 'the ClientHello is interrupted by another kind of record' };
    }
    const length = ((bytes[at + 3] ?? 0) << 8) | (bytes[at + 4] ?? 0);
    if (length === 0 || length > MAX_FRAGMENT)
      return { kind: 'invalid', reason: `a TLS record of ${length} bytes` };
    const start = at + RECORD_HEADER;
    const end = Math.min(start + length, bytes.length);
    for (let i = start; i < end && header.length < HANDSHAKE_HEADER; i += 1) header.push(bytes[i] ?? 0);
    fragments.push([start, end]);
    collected += end - start;
    if (header.length > 0 && header[0] !== CLIENT_HELLO) {
      return { kind: 'invalid', reason: `the first TLS message is of type ${header[0]}, not a ClientHello` };
    }
    if (wanted === null && header.length === HANDSHAKE_HEADER) {
      wanted = HANDSHAKE_HEADER + (((header[1] ?? 0) << 16) | ((header[2] ?? 0) << 8) | (header[3] ?? 0));
      if (wanted > MAX_CLIENT_HELLO_BYTES)
        return { kind: 'invalid', reason: `a ClientHello of ${wanted} bytes` };
    }
    at = end;
  }
  const message = new Uint8Array(collected);
  let filled = 0;
  for (const [start, end] of fragments) {
    message.set(bytes.subarray(start, end), filled);
    filled += end - start;
  }
  return { body: message.subarray(HANDSHAKE_HEADER, wanted) };
}

/** The header of each record counts too: a hello in one-byte records must not get round the limit. */
function more(bytes: Uint8Array): ClientHelloReading {
  if (bytes.length < MAX_CLIENT_HELLO_BYTES) return { kind: 'need-more' };
  return { kind: 'invalid', reason: `no complete ClientHello within ${MAX_CLIENT_HELLO_BYTES} bytes` };
}

function parseHello(body: Uint8Array): ClientHelloReading {
  const hello = createByteReader(body);
  hello.skip(2 + 32);
  if (hello.vector8().length > 32) return { kind: 'invalid', reason: 'a session id of more than 32 bytes' };
  const ciphers = hello.vector16();
  if (ciphers.length < 2 || ciphers.length % 2 !== 0)
    return { kind: 'invalid', reason: 'a broken list of cipher suites' };
  if (hello.vector8().length === 0) return { kind: 'invalid', reason: 'no compression method' };
  let sni: string | null = null;
  let alpn: string[] = [];
  // RFC 5246 §7.4.1.2: a hello may end before its extensions.
  if (hello.left() === 0) return { kind: 'client-hello', sni, alpn };
  const extensions = createByteReader(hello.vector16());
  if (hello.left() > 0) return { kind: 'invalid', reason: 'bytes after the extensions' };
  const seen = new Set<number>();
  while (extensions.left() > 0) {
    const type = extensions.uint16();
    const content = extensions.vector16();
    if (seen.has(type)) return { kind: 'invalid', reason: `extension ${type} twice` };
    seen.add(type);
    if (type === EXTENSION_SERVER_NAME) {
      sni = readServerName(content);
      if (sni === null) return { kind: 'invalid', reason: 'a broken server name' };
    } else if (type === EXTENSION_ALPN) {
      const read = readProtocols(content);
      if (read === null) return { kind: 'invalid', reason: 'a broken list of protocols' };
      alpn = read;
    }
  }
  return { kind: 'client-hello', sni, alpn };
}

/** RFC 6066 §3: exactly one name of type host_name is of use; anything else is refused, as BoringSSL does. */
function readServerName(content: Uint8Array): string | null {
  const outer = createByteReader(content);
  const list = createByteReader(outer.vector16());
  if (outer.left() > 0 || list.uint8() !== HOST_NAME) return null;
  const name = list.vector16();
  if (list.left() > 0 || name.length === 0 || name.length > MAX_HOST_NAME) return null;
  return printable(name)?.toLowerCase() ?? null;
}

function readProtocols(content: Uint8Array): string[] | null {
  const outer = createByteReader(content);
  const list = createByteReader(outer.vector16());
  if (outer.left() > 0 || list.left() === 0) return null;
  const protocols: string[] = [];
  while (list.left() > 0) {
    const name = list.vector8();
    if (name.length === 0) return null;
    // GREASE values (RFC 8701) aren't ASCII; they only must not match anything.
    protocols.push(String.fromCharCode(...name));
  }
  return protocols;
}

function printable(bytes: Uint8Array): string | null {
  for (const byte of bytes) if (byte <= 0x20 || byte >= 0x7f) return null;
  return String.fromCharCode(...bytes);
}
