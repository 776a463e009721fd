/** Certificates made by hand, element by element: what DER forbids makes the whole reading null. */
import { describe, expect, it } from 'vitest';
import { readX509Extensions } from '../../wire/x509-extensions.ts';

const SEQUENCE = 0x30;
const OCTETS = 0x04;
const OID = {
  keyUsage: [0x55, 29, 15],
  names: [0x55, 29, 17],
  basic: [0x55, 29, 19],
  purposes: [0x55, 29, 37],
};
const TRUE = [0x01, 1, 0xff];

/** An element of DER with its length in the fewest bytes. */
function element(tag: number, ...parts: readonly number[][]): number[] {
  const content = parts.flat();
  const { length } = content;
  if (length < 0x80) return [tag, length, ...content];
  if (length < 0x100) return [tag, 0x81, length, ...content];
  return [tag, 0x82, length >> 8, length & 0xff, ...content];
}

/** What is read of a certificate with these elements in its body. */
function read(...body: readonly number[][]) {
  return readX509Extensions(Uint8Array.from(element(SEQUENCE, element(SEQUENCE, ...body))));
}

function withExtensions(...extensions: readonly number[][]) {
  return read(element(0xa3, element(SEQUENCE, ...extensions)));
}

function extension(oid: readonly number[], ...content: readonly number[][]): number[] {
  return element(SEQUENCE, element(0x06, [...oid]), element(OCTETS, ...content));
}

const NOTHING = { uriSans: [], names: [], ca: false, keyCertSign: false, extendedKeyUsage: null };
const basic = (...content: number[]) => extension(OID.basic, element(SEQUENCE, content));
const dnsNames = (count: number) =>
  extension(OID.names, element(SEQUENCE, ...Array.from({ length: count }, () => [0x82, 0])));
const purpose = (...oid: number[]) => extension(OID.purposes, element(SEQUENCE, element(0x06, oid)));

describe('a certificate is not read', () => {
  it.each([
    ['a tag of several bytes', [0x1f, 0]],
    ['a length without an end', [0x24, 0x80, ...Array.from({ length: 128 }, () => 0)]],
    ['a length of four bytes', [OCTETS, 0x84, 0, 0, 0, 0]],
  ])('with %s', (_, odd) => {
    expect(read(odd)).toBeNull();
  });

  it.each([
    ['an extension that stands there twice', [basic(), basic()]],
    [
      'an extension, of whatever kind, whose value is no octet string',
      [element(SEQUENCE, element(0x06, [0x55, 29, 14]), [0x05, 0])],
    ],
    [
      'an extension with something behind its value',
      [element(SEQUENCE, element(0x06, OID.basic), element(OCTETS, element(SEQUENCE)), [0x05, 0])],
    ],
    ['names that are a set', [extension(OID.names, element(0x31))]],
    ['something behind the names', [extension(OID.names, element(SEQUENCE), [0x05, 0])]],
    ['more than a thousand names', [dnsNames(1_001)]],
    ['a purpose with a part of more than 31 bits', [purpose(0x2a, 0x88, 0x80, 0x80, 0x80, 0)]],
    ['a CA flag of two bytes', [basic(0x01, 2, 0xff, 0xff)]],
  ])('with %s', (_, extensions) => {
    expect(withExtensions(...extensions)).toBeNull();
  });

  it('beyond 64 KiB', () => {
    const padding = (length: number) =>
      element(
        OCTETS,
        Array.from({ length }, () => 0),
      );
    const der = element(SEQUENCE, element(SEQUENCE, padding(65_524)));
    expect(der).toHaveLength(65_536);
    expect(read(padding(65_525))).toBeNull();
    expect(readX509Extensions(Uint8Array.from(der))).toEqual(NOTHING);
  });
});

describe('a certificate is read', () => {
  it('without extensions, and then says nothing', () => {
    expect(read()).toEqual(NOTHING);
    expect(withExtensions()).toEqual(NOTHING);
  });

  it('with a thousand names', () => {
    expect(withExtensions(dnsNames(1_000))).toEqual(NOTHING);
  });

  it.each([
    ['no constraint at all', [], false],
    ['a flag that is false', [0x01, 1, 0], false],
    ['a length of paths alone', [0x02, 1, 1], false],
    ['a flag that is true', TRUE, true],
    ['a flag that is true, and a length of paths', [...TRUE, 0x02, 1, 0], true],
  ])('as a CA or none by its basic constraints: %s', (_, constraints, ca) => {
    expect(withExtensions(basic(...constraints))).toEqual({ ...NOTHING, ca });
  });

  it('with purposes whose parts take several bytes', () => {
    expect(withExtensions(purpose(0x2a, 0x86, 0x48, 1))?.extendedKeyUsage).toEqual(['1.2.840.1']);
    expect(withExtensions(purpose(0x2a, 0x87, 0xff, 0xff, 0xff, 0x7f))?.extendedKeyUsage).toEqual([
      '1.2.2147483647',
    ]);
  });

  it('with a key usage, critical or not', () => {
    const usage = element(OCTETS, [0x03, 2, 2, 0x04]);
    for (const critical of [[], TRUE]) {
      const all = withExtensions(element(SEQUENCE, element(0x06, OID.keyUsage), critical, usage));
      expect(all).toEqual({ ...NOTHING, keyCertSign: true });
    }
  });
});
