/**
 * What the certificate gate needs of a certificate and OpenSSL's text form can't say safely: URI SANs byte by byte,
 * key usage, extended key usage, CA. Reads the DER itself, with a cursor that can't leave its element and without
 * recursion, because it sees certificates of attackers; whatever it doesn't expect makes the whole reading null.
 * (`subjectaltname` of node:tls is a joined text: CVE-2021-44532 was its splitting.)
 */
import { createByteReader, TruncatedError, type ByteReader } from './byte-reader.ts';

export interface X509Extensions {
  /** URI SANs in order, as text; every byte is visible ASCII. */
  uriSans: readonly string[];
  /** DNS, URI, e-mail and IPv4 SANs in order, one entry each whatever is in it; those nobody can be called are left out. */
  names: readonly string[];
  /** `basicConstraints` says CA. */
  ca: boolean;
  /** Key usage has keyCertSign. */
  keyCertSign: boolean;
  /** OIDs in dotted form; null = no such extension. */
  extendedKeyUsage: readonly string[] | null;
}

const MAX_CERTIFICATE_BYTES = 64 * 1024;
const MAX_SANS = 1_000;
const TAG = {
  boolean: 0x01,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  sequence: 0x30,
  extensions: 0xa3,
  email: 0x81,
  dns: 0x82,
  uri: 0x86,
  ip: 0x87,
} as const;
const OID_KEY_USAGE = '2.5.29.15';
const OID_SUBJECT_ALT_NAME = '2.5.29.17';
const OID_BASIC_CONSTRAINTS = '2.5.29.19';
const OID_EXTENDED_KEY_USAGE = '2.5.29.37';
/** Bit 5 of the first byte, counted from the left (RFC 5280 §4.2.1.3). */
const KEY_CERT_SIGN = 0x04;

/** Reads a certificate in DER; null when it isn't one that can be read without a doubt. */
export function readX509Extensions(der: Uint8Array): X509Extensions | null {
  if (der.length > MAX_CERTIFICATE_BYTES) return null;
  try {
    return read(der);
  } catch (error) {
    if (error instanceof TruncatedError || error instanceof DerError) return null;
    throw error;
  }
}

/** Something that DER doesn't allow, or that no certificate has at this place. */
class DerError extends Error {}

function read(der: Uint8Array): X509Extensions {
  const certificate = only(createByteReader(der), TAG.sequence);
  const tbs = createByteReader(element(certificate, TAG.sequence));
  let extensions: ByteReader | null = null;
  while (tbs.left() > 0) {
    const { tag, content } = next(tbs);
    if (tag === TAG.extensions) extensions = only(createByteReader(content), TAG.sequence);
  }
  const result = {
    uriSans: [] as string[],
    names: [] as string[],
    ca: false,
    keyCertSign: false,
    extendedKeyUsage: null as string[] | null,
  };
  const seen = new Set<string>();
  while (extensions !== null && extensions.left() > 0) {
    const extension = createByteReader(element(extensions, TAG.sequence));
    const oid = dotted(element(extension, TAG.oid));
    if (seen.has(oid)) throw new DerError(`extension ${oid} twice`);
    seen.add(oid);
    let value = next(extension);
    if (value.tag === TAG.boolean) value = next(extension);
    if (value.tag !== TAG.octetString || extension.left() > 0) throw new DerError('extension value');
    const content = createByteReader(value.content);
    if (oid === OID_SUBJECT_ALT_NAME) Object.assign(result, altNames(content));
    else if (oid === OID_BASIC_CONSTRAINTS) result.ca = isCa(content);
    else if (oid === OID_KEY_USAGE)
      result.keyCertSign = ((element(content, TAG.bitString)[1] ?? 0) & KEY_CERT_SIGN) !== 0;
    else if (oid === OID_EXTENDED_KEY_USAGE) result.extendedKeyUsage = oids(content);
  }
  return result;
}

function altNames(content: ByteReader): Pick<X509Extensions, 'uriSans' | 'names'> {
  const list = only(content, TAG.sequence);
  const uriSans: string[] = [];
  const names: string[] = [];
  for (let count = 0; list.left() > 0; count += 1) {
    if (count >= MAX_SANS) throw new DerError('too many names');
    const { tag, content: name } = next(list);
    if (tag === TAG.uri) {
      uriSans.push(visibleAscii(name));
      names.push(visibleAscii(name));
    } else if ((tag === TAG.dns || tag === TAG.email) && name.length > 0 && name.every(isVisible)) {
      names.push(visibleAscii(name));
    } else if (tag === TAG.ip && name.length === 4) {
      names.push(name.join('.'));
    }
  }
  return { uriSans, names };
}

/** A NUL or a control byte in a URI reads differently in C and elsewhere (CVE-2025-66220 is of that family). */
function visibleAscii(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) {
    if (!isVisible(byte)) throw new DerError('a URI name with a byte that no URI has');
    text += String.fromCharCode(byte);
  }
  return text;
}

function isVisible(byte: number): boolean {
  return byte > 0x20 && byte < 0x7f;
}

function isCa(content: ByteReader): boolean {
  const constraints = only(content, TAG.sequence);
  if (constraints.left() === 0) return false;
  const { tag, content: value } = next(constraints);
  if (tag !== TAG.boolean) return false;
  if (value.length !== 1) throw new DerError('a CA flag that is not one byte');
  return value[0] !== 0;
}

function oids(content: ByteReader): string[] {
  const list = only(content, TAG.sequence);
  const found: string[] = [];
  while (list.left() > 0) found.push(dotted(element(list, TAG.oid)));
  return found;
}

function dotted(oid: Uint8Array): string {
  const parts: number[] = [];
  let value = 0;
  for (const byte of oid) {
    if (value > 0xff_ffff) throw new DerError('an OID part beyond reason');
    value = (value << 7) | (byte & 0x7f);
    if ((byte & 0x80) === 0) {
      parts.push(value);
      value = 0;
    }
  }
  const [first = 0, ...rest] = parts;
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - root * 40, ...rest].join('.');
}

/** The element of this tag that fills what is left. */
function only(reader: ByteReader, tag: number): ByteReader {
  const content = createByteReader(element(reader, tag));
  if (reader.left() > 0) throw new DerError('bytes after the element');
  return content;
}

function element(reader: ByteReader, tag: number): Uint8Array {
  const found = next(reader);
  if (found.tag !== tag) throw new DerError(`tag ${found.tag} for ${tag}`);
  return found.content;
}

function next(reader: ByteReader): { tag: number; content: Uint8Array } {
  const tag = reader.uint8();
  if ((tag & 0x1f) === 0x1f) throw new DerError('a tag of several bytes');
  const first = reader.uint8();
  if (first < 0x80) return { tag, content: reader.take(first) };
  const octets = first & 0x7f;
  if (octets === 0 || octets > 3) throw new DerError('an indefinite or enormous length');
  let length = 0;
  for (let i = 0; i < octets; i += 1) length = (length << 8) | reader.uint8();
  return { tag, content: reader.take(length) };
}
