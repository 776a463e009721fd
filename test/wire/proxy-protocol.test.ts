import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { proxyHeader, readProxyHeader, SECRET_TLV, type ProxyHeader } from '../../wire/proxy-protocol.ts';
import { runs } from '../support/runs.ts';

/** As HAProxy 2.6 wrote it for a connection from 172.20.0.3:33736 to 172.20.0.2:20007. */
const FROM_HAPROXY = Buffer.from('0d0a0d0a000d0a515549540a2111000cac140003ac14000283c84e27', 'hex');

const some: ProxyHeader = {
  source: { address: '198.18.0.2', port: 40_000 },
  destination: { address: '198.18.0.3', port: 20_001 },
  tlvs: [{ type: SECRET_TLV, value: Uint8Array.of(1, 2, 3) }],
};

function changed(at: number, value: number): Uint8Array {
  const bytes = proxyHeader(some);
  bytes[at] = value;
  return bytes;
}

describe('a PROXY header', () => {
  it.each([
    ['another first byte', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['version 1', Buffer.from('PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n')],
    ['a version to come', changed(12, 0x31)],
    ['LOCAL, which names nobody', changed(12, 0x20)],
    ['UDP', changed(13, 0x12)],
    ['IPv6', changed(13, 0x21)],
    ['less than its addresses', changed(15, 4)],
    ['a vector that ends beyond the header', changed(30, 200)],
    ['a length that nobody needs', changed(14, 0xff)],
  ])('isn’t read from %s', (_what, bytes) => {
    expect(readProxyHeader(bytes)).toEqual({ kind: 'other' });
  });

  it('isn’t written for what is no address', () => {
    expect(() => proxyHeader({ ...some, source: { address: '198.18.0', port: 1 } })).toThrow(RangeError);
    expect(() => proxyHeader({ ...some, source: { address: '198.18.0.2', port: 65_536 } })).toThrow(
      RangeError,
    );
  });

  it('is read as HAProxy writes it, and what follows isn’t its own', () => {
    const bytes = Buffer.concat([FROM_HAPROXY, Buffer.from('hello')]);
    expect(readProxyHeader(bytes)).toEqual({
      kind: 'header',
      length: FROM_HAPROXY.length,
      header: {
        source: { address: '172.20.0.3', port: 33_736 },
        destination: { address: '172.20.0.2', port: 20_007 },
        tlvs: [],
      },
    });
  });

  it('is waited for while it is cut anywhere', () => {
    const whole = proxyHeader(some);
    for (let length = 0; length < whole.length; length += 1)
      expect(readProxyHeader(whole.subarray(0, length)), `${length} bytes`).toEqual({ kind: 'need-more' });
    expect(readProxyHeader(whole).kind).toBe('header');
  });

  it('reads as it was written', () => {
    const end = fc.record({
      address: fc.ipV4(),
      port: fc.integer({ min: 0, max: 65_535 }),
    });
    const tlv = fc.record({
      type: fc.integer({ min: 0, max: 255 }),
      value: fc.uint8Array({ maxLength: 40 }),
    });
    fc.assert(
      fc.property(
        fc.record({ source: end, destination: end, tlvs: fc.array(tlv, { maxLength: 5 }) }),
        (header) => {
          const bytes = proxyHeader(header);
          expect(readProxyHeader(bytes)).toEqual({ kind: 'header', header, length: bytes.length });
        },
      ),
      { numRuns: runs(200) },
    );
  });
});
