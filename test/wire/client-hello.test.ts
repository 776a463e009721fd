import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { MAX_CLIENT_HELLO_BYTES, readClientHello } from '../../wire/client-hello.ts';
import { listenLocally } from '../support/local-server.ts';
import { runs } from '../support/runs.ts';

interface Sample {
  name: string;
  options: tls.ConnectionOptions;
  sni: string | null;
  alpn: string[];
  bytes: Buffer;
}

const samples: Sample[] = [
  {
    name: 'a sidecar',
    options: { servername: 'outbound_.80_._.Orders.shop.svc', ALPNProtocols: ['istio-http/1.1', 'istio'] },
    sni: 'outbound_.80_._.orders.shop.svc',
    alpn: ['istio-http/1.1', 'istio'],
  },
  { name: 'no name, no protocols', options: {}, sni: null, alpn: [] },
  {
    name: 'TLS 1.2',
    options: { servername: 'a.example', maxVersion: 'TLSv1.2', ALPNProtocols: ['h2', 'http/1.1'] },
    sni: 'a.example',
    alpn: ['h2', 'http/1.1'],
  },
  {
    name: 'a post-quantum key share',
    options: { servername: 'b.example', ecdhCurve: 'X25519MLKEM768' },
    sni: 'b.example',
    alpn: [],
  },
  {
    name: '200 protocols',
    options: { ALPNProtocols: Array.from({ length: 200 }, (_, i) => `protocol-${i}`) },
    sni: null,
    alpn: Array.from({ length: 200 }, (_, i) => `protocol-${i}`),
  },
].map((sample) => ({ ...sample, options: sample.options as tls.ConnectionOptions, bytes: Buffer.alloc(0) }));

beforeAll(async () => {
  for (const sample of samples) sample.bytes = await capture(sample.options);
});

/** What node:tls sends first. */
async function capture(options: tls.ConnectionOptions): Promise<Buffer> {
  const server = net.createServer();
  const port = await listenLocally(server);
  const accepted = once(server, 'connection') as Promise<[net.Socket]>;
  const client = tls.connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options });
  client.on('error', () => undefined);
  const [socket] = await accepted;
  let bytes = Buffer.alloc(0);
  while (bytes.length < 5 || bytes.length < 5 + bytes.readUInt16BE(3)) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    bytes = Buffer.concat([bytes, chunk]);
  }
  client.destroy();
  socket.destroy();
  server.close();
  return bytes;
}

/** The same handshake message in records of `size` bytes. */
function recut(bytes: Buffer, size: number): Buffer {
  const message = bytes.subarray(5);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    const part = message.subarray(at, at + size);
    records.push(Buffer.from([22, 3, 1, part.length >> 8, part.length & 0xff]), part);
  }
  return Buffer.concat(records);
}

describe('ClientHello', () => {
  it('reads the hellos of node:tls', () => {
    for (const { bytes, sni, alpn } of samples)
      expect(readClientHello(bytes)).toEqual({ kind: 'client-hello', sni, alpn });
  });

  it('asks for more at every shorter prefix, and never guesses', () => {
    for (const { bytes } of samples) {
      for (let length = 0; length < bytes.length; length += 1) {
        expect(readClientHello(bytes.subarray(0, length)).kind, `${length} of ${bytes.length}`).toBe(
          'need-more',
        );
      }
    }
  });

  it('reads a hello that is cut into records of any size, one byte included', () => {
    for (const { bytes, sni, alpn } of samples) {
      for (const size of [1, 2, 3, 4, 5, 7, 64, 100]) {
        const cut = recut(bytes, size);
        expect(readClientHello(cut)).toEqual({ kind: 'client-hello', sni, alpn });
        for (let length = 0; length < cut.length; length += 37)
          expect(readClientHello(cut.subarray(0, length)).kind).toBe('need-more');
      }
    }
  });

  it('ignores what follows the hello', () => {
    const [sample] = samples;
    if (!sample) throw new Error('no sample');
    const { bytes, sni, alpn } = sample;
    expect(readClientHello(Buffer.concat([bytes, Buffer.from('garbage')]))).toEqual({
      kind: 'client-hello',
      sni,
      alpn,
    });
  });

  it('takes anything else for plaintext at its first byte', () => {
    for (const text of [
      'G',
      'PRI * HTTP/2.0\r\n',
      '\0',
      '\x80\x2e\x01',
      '\x15\x03\x01',
      '\x17',
      '\x16\x02',
      '\x16GET',
    ]) {
      expect(readClientHello(Buffer.from(text, 'latin1')), JSON.stringify(text)).toEqual({
        kind: 'plaintext',
      });
    }
  });

  it('refuses broken records and messages', () => {
    const PAST_END = 'a length in the ClientHello points past its end';
    const INTERRUPTED = 'the ClientHello is interrupted by another kind of record';
    const CIPHERS = 'a broken list of cipher suites';
    const NAME = 'a broken server name';
    const PROTOCOLS = 'a broken list of protocols';
    const broken: [what: string, hex: string, reason: string][] = [
      ['an empty record', '1603010000', 'a TLS record of 0 bytes'],
      ['a record beyond 2^14 bytes', '1603014001', 'a TLS record of 16385 bytes'],
      ['a ServerHello first', '160301000402000000', 'the first TLS message is of type 2, not a ClientHello'],
      [
        'another message, of which only the type is there',
        '160301000116',
        'the first TLS message is of type 22, not a ClientHello',
      ],
      ['a hello far beyond 64 KiB', '1603010004010fffff', 'a ClientHello of 1048579 bytes'],
      ['a hello just beyond 64 KiB', '16030100040100fffd', 'a ClientHello of 65537 bytes'],
      ['an alert between the records', '160301000101150301000100', INTERRUPTED],
      ['a record of another version', '160301000101160401000100', INTERRUPTED],
      [
        'a session id of 33 bytes',
        `160301004b01000047${'0303'}${'00'.repeat(32)}21${'00'.repeat(36)}`,
        'a session id of more than 32 bytes',
      ],
      ['an empty cipher list', hello('00000100'), CIPHERS],
      ['a cipher list of odd length', hello('000301020301000000'), CIPHERS],
      ['no compression', hello('0002130100'), 'no compression method'],
      ['bytes after the extensions', hello('0002130101000000ff'), 'bytes after the extensions'],
      ['an extension past its end', hello('00021301010000040000ffff'), PAST_END],
      [
        'two server names in two extensions',
        hello(`0002130101000014${'00000006000400000161'.repeat(2)}`),
        'extension 0 twice',
      ],
      ['an empty server name', withExtension('0000', '0003000000'), NAME],
      ['a server name with a space', withExtension('0000', '00050000026120'), NAME],
      ['a server name with DEL', withExtension('0000', '0005000002617f'), NAME],
      ['a server name with NUL', withExtension('0000', '0005000002' + '6100'), NAME],
      ['two server names', withExtension('0000', '00080000016100000162'), NAME],
      ['bytes after the server name', withExtension('0000', '000400000161ff'), NAME],
      ['a server name of 256 bytes', withExtension('0000', `0103000100${'61'.repeat(256)}`), NAME],
      ['an empty list of protocols', withExtension('0010', '0000'), PROTOCOLS],
      ['an empty protocol', withExtension('0010', '000100'), PROTOCOLS],
      ['bytes after the protocols', withExtension('0010', '00020161ff'), PROTOCOLS],
    ];
    for (const [what, hex, reason] of broken) {
      expect(readClientHello(Buffer.from(hex, 'hex')), what).toEqual({ kind: 'invalid', reason });
    }
  });

  it('asks for more of a hello of 64 KiB', () => {
    expect(readClientHello(Buffer.from('16030100040100fffc', 'hex')).kind).toBe('need-more');
  });

  it('reads a hello of one cipher suite and no extensions', () => {
    expect(readClientHello(Buffer.from(hello('000213010100'), 'hex'))).toEqual(NOTHING_ASKED);
  });

  it('reads a hello that fills the largest record', () => {
    const bytes = Buffer.from(withExtension('0015', '00'.repeat((1 << 14) - 51)), 'hex');
    expect(bytes.readUInt16BE(3)).toBe(1 << 14);
    expect(readClientHello(bytes)).toEqual(NOTHING_ASKED);
  });

  it('does not wait for what its record holds behind the hello', () => {
    const bytes = Buffer.from(hello('000213010100'), 'hex');
    bytes.writeUInt16BE(1 << 14, 3);
    expect(readClientHello(bytes)).toEqual(NOTHING_ASKED);
  });

  it('reads a server name of 255 bytes', () => {
    const bytes = Buffer.from(withExtension('0000', `01020000ff${'61'.repeat(255)}`), 'hex');
    expect(readClientHello(bytes)).toEqual({ ...NOTHING_ASKED, sni: 'a'.repeat(255) });
  });

  it('gives up at 64 KiB, however small the records', () => {
    const wanting = recut(
      Buffer.concat([Buffer.alloc(5), Buffer.from('0100f000', 'hex'), Buffer.alloc(40_000)]),
      1,
    );
    expect(readClientHello(wanting.subarray(0, MAX_CLIENT_HELLO_BYTES))).toEqual({
      kind: 'invalid',
      reason: 'no complete ClientHello within 65536 bytes',
    });
    expect(readClientHello(wanting.subarray(0, MAX_CLIENT_HELLO_BYTES - 1)).kind).toBe('need-more');
  });

  it('never throws and never reads a name out of damaged bytes that is not printable', () => {
    fc.assert(
      fc.property(
        fc.nat(samples.length - 1),
        fc.array(fc.tuple(fc.nat(2_000), fc.nat(255)), { maxLength: 6 }),
        (which, damage) => {
          const bytes = Buffer.from(samples[which]?.bytes ?? []);
          for (const [at, value] of damage) if (at < bytes.length) bytes[at] = value;
          const reading = readClientHello(bytes);
          if (reading.kind === 'client-hello' && reading.sni !== null)
            expect(reading.sni).toMatch(/^[!-~]{1,255}$/);
        },
      ),
      { numRuns: runs(2_000) },
    );
  });
});

const NOTHING_ASKED = { kind: 'client-hello', sni: null, alpn: [] };

/** A ClientHello record with the given hex after the session id. */
function hello(rest: string): string {
  const body = `0303${'00'.repeat(32)}00${rest}`;
  const size = (length: number, digits: number) => length.toString(16).padStart(digits, '0');
  const message = `01${size(body.length / 2, 6)}${body}`;
  return `160301${size(message.length / 2, 4)}${message}`;
}

function withExtension(type: string, content: string): string {
  const size = (length: number) => length.toString(16).padStart(4, '0');
  return hello(`000213010100${size(content.length / 2 + 4)}${type}${size(content.length / 2)}${content}`);
}
