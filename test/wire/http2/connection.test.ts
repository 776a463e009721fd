import { describe, expect, it } from 'vitest';
import { ERROR, FLAG, FRAME } from '../../../wire/http2/protocol.ts';
import type { Http2Stream } from '../../../wire/http2/stream.ts';
import { frame, GET, HELLO, request, uint32 } from '../../support/http2-frames.ts';
import { client, data, headers, NEVER, server, Side } from '../../support/http2-side.ts';

const POST: [string, string][] = [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':authority', 'orders'],
  [':path', '/'],
];

const opened = (stream: number): Buffer => headers(stream, FLAG.END_HEADERS, POST);

describe('a client that breaks the protocol', () => {
  it.each<[string, Buffer[], string, number]>([
    ['sends another preface', [Buffer.from('GET / HTTP/1.1\r\n\r\n')], 'bad-preface', ERROR.PROTOCOL_ERROR],
    [
      'begins without settings',
      [HELLO.subarray(0, 24), request(1)],
      'no-settings-first',
      ERROR.PROTOCOL_ERROR,
    ],
    ['sends a frame too large', [HELLO, data(1, 16_385)], 'frame-too-large', ERROR.FRAME_SIZE_ERROR],
    ['uses an even stream', [HELLO, request(2)], 'even-stream', ERROR.PROTOCOL_ERROR],
    ['sends data on an idle stream', [HELLO, data(1, 1)], 'data-on-idle-stream', ERROR.PROTOCOL_ERROR],
    [
      'goes on after its own end',
      [HELLO, headers(1, FLAG.END_HEADERS | FLAG.END_STREAM, POST), data(1, 1)],
      'data-on-closed-stream',
      ERROR.STREAM_CLOSED,
    ],
    [
      'sends a block that is none',
      [HELLO, frame(FRAME.HEADERS, FLAG.END_HEADERS, 1, Buffer.from([0x80]))],
      'bad-header-block',
      ERROR.COMPRESSION_ERROR,
    ],
    [
      'puts a frame between HEADERS and CONTINUATION',
      [HELLO, headers(1, 0), data(1, 1)],
      'header-block-interrupted',
      ERROR.PROTOCOL_ERROR,
    ],
    [
      'continues another stream',
      [HELLO, headers(1, 0), frame(FRAME.CONTINUATION, FLAG.END_HEADERS, 3)],
      'continuation-of-another-stream',
      ERROR.PROTOCOL_ERROR,
    ],
    [
      'continues nothing',
      [HELLO, frame(FRAME.CONTINUATION, FLAG.END_HEADERS, 1)],
      'continuation-of-nothing',
      ERROR.PROTOCOL_ERROR,
    ],
    [
      'pads a block with more than there is',
      [HELLO, frame(FRAME.HEADERS, FLAG.END_HEADERS | FLAG.PADDED, 1, Buffer.from([9, 0x82]))],
      'headers-padding-too-long',
      ERROR.PROTOCOL_ERROR,
    ],
    [
      'promises a stream',
      [HELLO, frame(FRAME.PUSH_PROMISE, 0, 1, uint32(2))],
      'push-refused',
      ERROR.PROTOCOL_ERROR,
    ],
    [
      'pings on a stream',
      [HELLO, frame(FRAME.PING, 0, 1, Buffer.alloc(8))],
      'ping-on-stream',
      ERROR.PROTOCOL_ERROR,
    ],
    [
      'sends settings of a wrong size',
      [HELLO, frame(FRAME.SETTINGS, 0, 0, Buffer.alloc(5))],
      'settings-of-wrong-size',
      ERROR.FRAME_SIZE_ERROR,
    ],
    [
      'sets a window beyond 2³¹−1',
      [HELLO, frame(FRAME.SETTINGS, 0, 0, Buffer.concat([Buffer.from([0, 4]), uint32(0x80_00_00_00)]))],
      'bad-initial-window',
      ERROR.FLOW_CONTROL_ERROR,
    ],
    [
      'opens the connection’s window by nothing',
      [HELLO, frame(FRAME.WINDOW_UPDATE, 0, 0, uint32(0))],
      'empty-window-update',
      ERROR.PROTOCOL_ERROR,
    ],
    [
      'opens a stream’s window by nothing',
      [HELLO, opened(1), frame(FRAME.WINDOW_UPDATE, 0, 1, uint32(0))],
      'empty-window-update',
      ERROR.PROTOCOL_ERROR,
    ],
    [
      'opens the connection’s window beyond 2³¹−1',
      [HELLO, frame(FRAME.WINDOW_UPDATE, 0, 0, uint32(0x7f_ff_ff_ff))],
      'window-overflow',
      ERROR.FLOW_CONTROL_ERROR,
    ],
  ])('and %s loses the connection', (_title, pieces, reason, code) => {
    const side = new Side('server').receive(...pieces);
    expect(side.told.at(-1)).toBe(`finished ${reason}`);
    expect(side.goAwayCode).toBe(code);
    const before = side.told.length;
    side.receive(request(5));
    expect(side.told).toHaveLength(before);
  });

  it.each<[string, Buffer[], number]>([
    [
      'sends more than the window of a stream',
      [opened(1), data(1, 16_384), data(1, 16_384)],
      ERROR.FLOW_CONTROL_ERROR,
    ],
    ['sends trailers that don’t end', [opened(1), headers(1, FLAG.END_HEADERS)], ERROR.PROTOCOL_ERROR],
  ])('and %s loses that stream alone', (_title, pieces, code) => {
    const side = server({ streamWindow: 20_000 }).receive(...pieces);
    expect(side.told.at(-1)).toBe(`reset 1 ${code} codec`);
    expect(side.resetCode).toBe(code);
    side.receive(request(3));
    expect(side.told.at(-1)).toBe('head 3 4 end');
  });

  it('loses a stream whose body isn’t as long as it said', () => {
    for (const pieces of [[data(1, 6)], [data(1, 4, FLAG.END_STREAM)]]) {
      const side = server().receive(opened(1));
      (side.streams[0] as Http2Stream<string>).expectedBytes = 5;
      side.receive(...pieces);
      expect(side.resetCode).toBe(ERROR.PROTOCOL_ERROR);
      expect(side.told.at(-1)).toBe(`reset 1 ${ERROR.PROTOCOL_ERROR} codec`);
    }
  });

  it('gets no more streams than it was promised', () => {
    const side = server({ maxConcurrentStreams: 1 }).receive(opened(1), opened(3));
    expect(side.told).toEqual(['head 1 4 more', `reset 3 ${ERROR.REFUSED_STREAM} codec`]);
    expect(side.resetCode).toBe(ERROR.REFUSED_STREAM);
  });
});

describe('a client that floods', () => {
  it('with streams that it resets at once loses the connection before the 251st', () => {
    const side = server();
    for (let stream = 1; stream < 1_001; stream += 2)
      side.receive(request(stream), frame(FRAME.RST_STREAM, 0, stream, uint32(ERROR.CANCEL)));
    expect(side.told.at(-1)).toBe('finished rapid-reset');
    expect(side.goAwayCode).toBe(ERROR.ENHANCE_YOUR_CALM);
    expect(side.streams).toHaveLength(250);
  });

  it('with faults that make us reset loses it as well', () => {
    const side = server();
    for (let stream = 1; stream < 1_001; stream += 2)
      side.receive(opened(stream), frame(FRAME.WINDOW_UPDATE, 0, stream, uint32(0x7f_ff_ff_ff)));
    expect(side.told.at(-1)).toBe('finished rapid-reset');
  });

  it('may cancel calls that lasted longer than a second', () => {
    const side = server();
    for (let stream = 1; stream < 2_001; stream += 2) {
      side.receive(request(stream));
      side.nowMs += 1_000;
      side.receive(frame(FRAME.RST_STREAM, 0, stream, uint32(ERROR.CANCEL)));
    }
    expect(side.streams).toHaveLength(1_000);
  });

  it.each<[string, string, () => Buffer]>([
    ['CONTINUATION', 'continuation-flood', () => frame(FRAME.CONTINUATION, 0, 1, Buffer.from([0x82]))],
    ['empty CONTINUATION', 'empty-frame-flood', () => frame(FRAME.CONTINUATION, 0, 1)],
  ])('with %s frames loses the connection within a hundred and two', (_title, reason, piece) => {
    const side = server().receive(headers(1, 0));
    for (let turn = 0; turn < 102; turn += 1) side.receive(piece());
    expect(side.told).toEqual([`finished ${reason}`]);
    expect(side.goAwayCode).toBe(ERROR.ENHANCE_YOUR_CALM);
  });

  it.each<[string, string, () => Buffer]>([
    ['empty DATA', 'empty-frame-flood', () => data(1, 0)],
    ['PING', 'unread-answers', () => frame(FRAME.PING, 0, 0, Buffer.alloc(8))],
    ['SETTINGS', 'unread-answers', () => frame(FRAME.SETTINGS, 0, 0)],
    ['PRIORITY', 'priority-flood', () => frame(FRAME.PRIORITY, 0, 1, Buffer.alloc(5))],
    ['WINDOW_UPDATE', 'window-update-flood', () => frame(FRAME.WINDOW_UPDATE, 0, 1, uint32(1))],
    ['unknown', 'control-frame-flood', () => frame(0xbe, 0, 0)],
  ])('with %s frames loses the connection within two thousand', (_title, reason, piece) => {
    const side = server().receive(opened(1));
    side.receive(Buffer.concat(Array.from({ length: 2_000 }, piece)));
    expect(side.told).toContain(`finished ${reason}`);
    expect(side.goAwayCode).toBe(ERROR.ENHANCE_YOUR_CALM);
  });

  it('may ping for ever, once in ten seconds', () => {
    const side = server().receive(opened(1));
    for (let turn = 0; turn < 5_000; turn += 1) {
      side.nowMs += 10_000;
      side.receive(frame(FRAME.PING, 0, 0, Buffer.alloc(8)));
      side.connection.socketIs('drained');
    }
    expect(side.told).toEqual(['head 1 4 more']);
  });
});

describe('what a server says', () => {
  it('gives windows back when bytes were consumed, in batches', () => {
    const side = server({ streamWindow: 30_000 }).receive(opened(1), data(1, 10_000));
    const stream = side.streams[0] as Http2Stream<string>;
    side.connection.consume(stream, 10_000);
    side.flush();
    expect(side.sent.filter(({ type, stream: id }) => type === FRAME.WINDOW_UPDATE && id === 1)).toEqual([]);
    side.receive(data(1, 5_000));
    side.connection.consume(stream, 5_000);
    side.flush();
    expect(side.last(FRAME.WINDOW_UPDATE)).toMatchObject({ stream: 1, payload: uint32(15_000) });
  });

  it('waits for the client’s window, and tells what left', () => {
    const side = server().receive(request(1));
    const stream = side.streams[0] as Http2Stream<string>;
    side.connection.sendHead(stream, [[':status', '200']], NEVER, 'more');
    side.connection.sendData(stream, Buffer.alloc(100_000), 'end');
    side.flush();
    const length = (): number =>
      side.sent
        .filter(({ type }) => type === FRAME.DATA)
        .reduce((sum, { payload }) => sum + payload.length, 0);
    expect(length()).toBe(65_535);
    side.receive(frame(FRAME.WINDOW_UPDATE, 0, 0, uint32(100_000)));
    expect(length()).toBe(65_535);
    side.receive(frame(FRAME.WINDOW_UPDATE, 0, 1, uint32(100_000)));
    expect(length()).toBe(100_000);
    expect(side.last(FRAME.DATA)?.flags).toBe(FLAG.END_STREAM);
    const sent = side.told.filter((line) => line.startsWith('sent 1 ')).map((line) => Number(line.slice(7)));
    expect(sent.reduce((sum, count) => sum + count, 0)).toBe(100_000);
  });

  it('sends trailers after the body that still waits', () => {
    const side = server().receive(request(1));
    const stream = side.streams[0] as Http2Stream<string>;
    side.connection.sendHead(stream, [[':status', '200']], NEVER, 'more');
    side.connection.socketIs('full');
    side.connection.sendData(stream, Buffer.from('hello'), 'more');
    side.connection.sendTrailers(stream, [['grpc-status', '0']]);
    side.flush();
    expect(side.last(FRAME.DATA)).toBeUndefined();
    side.connection.socketIs('drained');
    side.flush();
    expect(side.sent.slice(-2).map(({ type, flags }) => [type, flags])).toEqual([
      [FRAME.DATA, 0],
      [FRAME.HEADERS, FLAG.END_HEADERS | FLAG.END_STREAM],
    ]);
  });

  it('has done with a request that it answered before its end', () => {
    const side = server().receive(opened(1));
    side.connection.sendHead(side.streams[0] as Http2Stream<string>, [[':status', '403']], NEVER, 'end');
    side.receive(data(1, 10), data(1, 10, FLAG.END_STREAM));
    expect(side.resetCode).toBe(ERROR.NO_ERROR);
    expect(side.told).toEqual(['head 1 4 more']);
  });

  it('drains: announces it, names the last stream, and ends with it', () => {
    const side = server().receive(opened(1));
    side.connection.drain();
    side.flush();
    expect(side.last(FRAME.GOAWAY)?.payload.readUInt32BE(0)).toBe(0x7f_ff_ff_ff);
    side.receive(request(3));
    side.receive(frame(FRAME.PING, FLAG.ACK, 0, side.last(FRAME.PING)?.payload));
    expect(side.last(FRAME.GOAWAY)?.payload.readUInt32BE(0)).toBe(3);
    side.receive(request(5));
    expect(side.told).not.toContain('head 5 4 end');
    for (const stream of side.streams) side.connection.sendHead(stream, [[':status', '200']], NEVER, 'end');
    expect(side.told.at(-1)).toBe('finished well');
  });

  it('splits a large block, and reads one that was split', () => {
    const [sender, reader] = [server(), new Side('client')];
    reader.receive(frame(FRAME.SETTINGS, 0, 0));
    reader.connection.open(GET, NEVER, 'end', 0);
    sender.receive(request(1));
    const large: [string, string][] = [
      [':status', '200'],
      ['x-large', 'y'.repeat(40_000)],
    ];
    sender.connection.sendHead(sender.streams[0] as Http2Stream<string>, large, NEVER, 'end');
    reader.receive(sender.connection.takeOutput());
    expect(reader.told).toEqual(['head 1 2 end']);
  });
});

describe('a client', () => {
  it('learns which of its streams a draining server never looked at', () => {
    const side = client();
    side.connection.open(GET, NEVER, 'end', 0);
    side.connection.open(GET, NEVER, 'end', 0);
    side.receive(frame(FRAME.GOAWAY, 0, 0, Buffer.concat([uint32(1), uint32(ERROR.NO_ERROR)])));
    expect(side.told).toEqual([`reset 3 ${ERROR.REFUSED_STREAM} refused`]);
    expect(side.connection.open(GET, NEVER, 'end', 0)).toBeNull();
    side.receive(headers(1, FLAG.END_HEADERS | FLAG.END_STREAM, [[':status', '200']]));
    expect(side.told.at(-1)).toBe('finished well');
  });

  it('opens no more streams than the server wants', () => {
    const side = new Side('client').receive(
      frame(FRAME.SETTINGS, 0, 0, Buffer.concat([Buffer.from([0, 3]), uint32(1)])),
    );
    expect(side.connection.open(GET, NEVER, 'end', 0)).not.toBeNull();
    expect(side.connection.open(GET, NEVER, 'end', 0)).toBeNull();
  });

  it('hears informational answers before the one that counts', () => {
    const side = client();
    side.connection.open(GET, NEVER, 'end', 0);
    side.receive(
      headers(1, FLAG.END_HEADERS, [[':status', '103']]),
      headers(1, FLAG.END_HEADERS, [[':status', '200']]),
      headers(1, FLAG.END_HEADERS | FLAG.END_STREAM, [['grpc-status', '0']]),
    );
    expect(side.told).toEqual(['head 1 1 more', 'head 1 1 more', 'trailers 1 1']);
  });

  it('refuses a pushed stream and data before a head', () => {
    expect(client().receive(request(2)).told).toEqual(['finished headers-on-idle-stream']);
    const side = client();
    side.connection.open(GET, NEVER, 'end', 0);
    side.receive(data(1, 3));
    expect(side.told).toEqual([`reset 1 ${ERROR.PROTOCOL_ERROR} codec`]);
  });
});
