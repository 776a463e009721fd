import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HpackDecoder, type ListLimits } from '../../../wire/http2/hpack-decoder.ts';
import { HpackEncoder } from '../../../wire/http2/hpack-encoder.ts';
import { OutputBuffer } from '../../../wire/http2/output-buffer.ts';

type Fields = [string, string][];

const LIMITS: ListLimits = { maxBytes: 60 * 1024, maxFields: 128 };
const NEVER: ReadonlySet<string> = new Set();

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(hex.replaceAll(/\s/g, '').match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function decoder(limits = LIMITS, table = 4_096): HpackDecoder {
  return new HpackDecoder(limits, table);
}

function decode(by: HpackDecoder, hex: string) {
  const block = bytes(hex);
  return by.decode(block, 0, block.length);
}

function encode(by: HpackEncoder, fields: Fields, never: ReadonlySet<string> = NEVER): Uint8Array {
  const output = new OutputBuffer();
  by.begin(output);
  for (const [name, value] of fields) by.write(output, name, value, never);
  return output.take();
}

describe('a block that is none', () => {
  it.each([
    ['index 0', '80'],
    ['an index beyond both tables', 'be'],
    ['an integer of too many bytes', 'ffffffffffffff7f'],
    ['an integer without an end', 'ff80'],
    ['a string that is longer than the block', '400a6375'],
    ['a literal without its value', '4001' + '61'],
    ['a Huffman string with EOS in it', '4084ffffffff' + '0161'],
    ['a Huffman string padded with zeros', '4081' + '18' + '0161'],
    ['a Huffman string padded with a whole byte', '408207ff' + '0161'],
    ['a table larger than we promised', '3fe21f'],
    ['a size update after a field', '8220'],
  ])('%s is refused', (_title, hex) => {
    expect(decode(decoder(), hex)).toBeNull();
  });
});

describe('the examples of RFC 7541', () => {
  const custom: Fields = [['custom-key', 'custom-header']];

  it('C.2: literals, indexed or not', () => {
    expect(decode(decoder(), '400a637573746f6d2d6b65790d637573746f6d2d686561646572')?.fields).toEqual(custom);
    expect(decode(decoder(), '040c2f73616d706c652f70617468')?.fields).toEqual([[':path', '/sample/path']]);
    const secret = decode(decoder(), '100870617373776f726406736563726574');
    expect(secret?.fields).toEqual([['password', 'secret']]);
    expect(secret?.neverIndexed).toEqual(new Set(['password']));
    expect(decode(decoder(), '82')?.fields).toEqual([[':method', 'GET']]);
  });

  const requests: Fields[] = [
    [
      [':method', 'GET'],
      [':scheme', 'http'],
      [':path', '/'],
      [':authority', 'www.example.com'],
    ],
    [
      [':method', 'GET'],
      [':scheme', 'http'],
      [':path', '/'],
      [':authority', 'www.example.com'],
      ['cache-control', 'no-cache'],
    ],
    [
      [':method', 'GET'],
      [':scheme', 'https'],
      [':path', '/index.html'],
      [':authority', 'www.example.com'],
      ['custom-key', 'custom-value'],
    ],
  ];

  it.each([
    [
      'C.3',
      [
        '828684410f7777772e6578616d706c652e636f6d',
        '828684be58086e6f2d6361636865',
        '828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565',
      ],
    ],
    [
      'C.4',
      [
        '828684418cf1e3c2e5f23a6ba0ab90f4ff',
        '828684be5886a8eb10649cbf',
        '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf',
      ],
    ],
  ])('%s: requests on one connection', (_title, blocks) => {
    const one = decoder();
    expect(blocks.map((hex) => decode(one, hex)?.fields)).toEqual(requests);
  });

  const date = 'Mon, 21 Oct 2013 20:13:21 GMT';
  const responses: Fields[] = [
    [
      [':status', '302'],
      ['cache-control', 'private'],
      ['date', date],
      ['location', 'https://www.example.com'],
    ],
    [
      [':status', '307'],
      ['cache-control', 'private'],
      ['date', date],
      ['location', 'https://www.example.com'],
    ],
    [
      [':status', '200'],
      ['cache-control', 'private'],
      ['date', 'Mon, 21 Oct 2013 20:13:22 GMT'],
      ['location', 'https://www.example.com'],
      ['content-encoding', 'gzip'],
      ['set-cookie', 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'],
    ],
  ];

  it.each([
    [
      'C.5',
      [
        '4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d',
        '4803333037c1c0bf',
        '88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31',
      ],
    ],
    [
      'C.6',
      [
        '488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3',
        '4883640effc1c0bf',
        '88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007',
      ],
    ],
  ])('%s: responses that push entries out of a table of 256 bytes', (_title, blocks) => {
    const one = decoder(LIMITS, 256);
    expect(blocks.map((hex) => decode(one, hex)?.fields)).toEqual(responses);
  });
});

describe('a decoded list', () => {
  it('is cut where it grows too long, and the table stays in step', () => {
    const one = decoder({ maxBytes: 64, maxFields: 128 });
    // One entry of 31 bytes, then referred to nine times.
    const block = decode(one, `4001611e${'78'.repeat(30)}${'be'.repeat(9)}`);
    expect(block?.overflow).toBe('bytes');
    expect(block?.fields).toHaveLength(2);
    expect(decode(one, 'be')?.fields).toEqual([['a', 'x'.repeat(30)]]);
  });

  it('is cut where it has too many fields', () => {
    const block = decode(decoder({ maxBytes: 1_000, maxFields: 3 }), '82828282');
    expect(block).toMatchObject({ overflow: 'fields' });
    expect(block?.fields).toHaveLength(3);
  });
});

describe('the encoder', () => {
  it('indexes what repeats, and what changes never', () => {
    const one = new HpackEncoder();
    const fields: Fields = [['x-tenant', 'blue']];
    const first = encode(one, fields).length;
    expect(encode(one, fields).length).toBeLessThanOrEqual(first);
    expect(encode(one, fields)).toHaveLength(1);
    for (let turn = 0; turn < 200; turn += 1) encode(one, [['x-request-id', `id-${turn}`]]);
    expect(encode(one, fields)).toHaveLength(1);
  });

  it('indexes neither credentials nor what its sender marked', () => {
    const one = new HpackEncoder();
    const fields: Fields = [
      ['authorization', 'Bearer secret'],
      ['x-own', 'marked'],
    ];
    const never = new Set(['x-own']);
    for (let turn = 0; turn < 3; turn += 1) {
      const block = encode(one, fields, never);
      const read = decoder().decode(block, 0, block.length);
      expect(read?.fields).toEqual(fields);
      expect(read?.neverIndexed).toEqual(new Set(['authorization', 'x-own']));
    }
  });

  it('tells a smaller table, and the smallest of several', () => {
    const one = new HpackEncoder();
    const peer = decoder();
    const fields: Fields = [['x-tenant', 'blue']];
    const read = (block: Uint8Array) => peer.decode(block, 0, block.length)?.fields;
    for (let turn = 0; turn < 3; turn += 1) expect(read(encode(one, fields))).toEqual(fields);
    one.setMaxTableBytes(0);
    one.setMaxTableBytes(100_000);
    const block = encode(one, fields);
    expect([...block.subarray(0, 2)]).toEqual([0x20, 0x3f]);
    expect(read(block)).toEqual(fields);
    for (let turn = 0; turn < 3; turn += 1) expect(read(encode(one, fields))).toEqual(fields);
  });

  it('is read by the decoder as it was written, however long the connection lasts', () => {
    const name = fc.oneof(
      fc.constantFrom('x-a', 'x-b', 'content-type', ':path', 'cookie', ':status'),
      fc.string({ unit: fc.constantFrom(...'abc-'), minLength: 1, maxLength: 8 }),
    );
    const value = fc.oneof(
      fc.constantFrom('200', '/', 'blue', '', 'x'.repeat(600)),
      fc.string({ unit: 'binary-ascii', maxLength: 40 }),
    );
    const connection = fc.array(
      fc.record({
        fields: fc.array(fc.tuple(name, value), { maxLength: 12 }),
        table: fc.option(fc.constantFrom(0, 64, 200, 4_096, 65_536)),
      }),
      { maxLength: 20 },
    );
    const property = fc.property(connection, (blocks) => {
      const [one, peer] = [new HpackEncoder(), decoder()];
      for (const { fields, table } of blocks) {
        if (table !== null) one.setMaxTableBytes(table);
        const block = encode(one, fields);
        expect(peer.decode(block, 0, block.length)?.fields).toEqual(fields);
      }
    });
    fc.assert(property, { numRuns: 300 });
  });

  it('decodes garbage to null or within its bounds', () => {
    const property = fc.property(fc.uint8Array({ maxLength: 200 }), (garbage) => {
      const read = decoder({ maxBytes: 500, maxFields: 20 }).decode(garbage, 0, garbage.length);
      if (read === null) return;
      const total = read.fields.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
      expect(total).toBeLessThanOrEqual(500);
      expect(read.fields.length).toBeLessThanOrEqual(20);
    });
    fc.assert(property, { numRuns: 2_000 });
  });
});
