import { describe, expect, it } from 'vitest';
import { DRAIN_PING } from '../../../wire/http2/frame-receiver.ts';
import { ERROR, FLAG, FRAME, PREFACE } from '../../../wire/http2/protocol.ts';
import { frame, GET, HELLO, request, uint32 } from '../../support/http2-frames.ts';
import { client, data, headers, NEVER, opened, server, Side, STATUS } from '../../support/http2-side.ts';

/** What a step says: frames, and how often it told that there is something to write. */
function during(side: Side, step: () => void) {
  side.flush();
  side.sent.length = 0;
  const before = side.outputs;
  step();
  const told = side.outputs - before;
  return { told: told > 0, frames: side.written() };
}

describe('the first bytes of a connection', () => {
  const limits = {
    maxConcurrentStreams: 0x01_02,
    streamWindow: 0x03_04_05,
    connectionWindow: 0x06_07_08,
    maxHeaderListBytes: 0x09_0a,
  };

  it('of a server are its settings and its window (RFC 9113 §3.4, §6.5.2)', () => {
    const side = new Side('server', limits);
    expect(Buffer.from(side.connection.takeOutput()).toString('hex')).toBe(
      '000012040000000000' +
        '000300000102' +
        '000400030405' +
        '00060000090a' +
        '000004080000000000' +
        '00050709',
    );
  });

  it('of a client are the preface, its settings, which refuse pushes, and its window', () => {
    const side = new Side('client', limits);
    const bytes = Buffer.from(side.connection.takeOutput());
    expect(bytes.subarray(0, 24)).toEqual(Buffer.from(PREFACE));
    expect(bytes.subarray(24).toString('hex')).toBe(
      '000012040000000000' +
        '000200000000' +
        '000400030405' +
        '00060000090a' +
        '000004080000000000' +
        '00050709',
    );
  });

  it('of a client may come byte by byte', () => {
    const side = new Side('server').receive(
      ...Array.from(Buffer.concat([HELLO, request(1)]), (byte) => Uint8Array.of(byte)),
    );
    expect(side.told).toEqual(['head 1 4 end']);
  });
});

describe('the owner', () => {
  it('hears that there is something to write of each verb that writes, and else nothing', () => {
    const side = server().receive(opened(1));
    const { connection } = side;
    const stream = side.stream();
    expect(during(side, () => connection.sendHead(stream, STATUS, NEVER, 'more'))).toEqual({
      told: true,
      frames: [[FRAME.HEADERS, FLAG.END_HEADERS, 1, 1]],
    });
    expect(during(side, () => connection.sendData(stream, Buffer.from('a'), 'more')).told).toBe(true);
    expect(during(side, () => connection.sendData(stream, Buffer.alloc(0), 'more'))).toEqual({
      told: false,
      frames: [],
    });
    expect(during(side, () => connection.receive(data(1, 1, FLAG.END_STREAM), 0))).toEqual({
      told: false,
      frames: [],
    });
    expect(during(side, () => connection.receive(frame(FRAME.PING, 0, 0, Buffer.alloc(8)), 0)).told).toBe(
      true,
    );
    connection.socketIs('full');
    expect(during(side, () => connection.sendData(stream, Buffer.from('a'), 'more'))).toEqual({
      told: false,
      frames: [],
    });
    expect(during(side, () => connection.socketIs('full'))).toEqual({ told: false, frames: [] });
    expect(during(side, () => connection.socketIs('drained'))).toEqual({
      told: true,
      frames: [[FRAME.DATA, 0, 1, 1]],
    });
    expect(during(side, () => connection.socketIs('drained'))).toEqual({ told: false, frames: [] });
    expect(during(side, () => connection.sendTrailers(stream, [['age', '1']])).told).toBe(true);
    expect(during(side, () => connection.drain()).told).toBe(true);
  });

  it('can’t send on a stream that it has ended', () => {
    const side = client();
    const stream = side.connection.open(GET, NEVER, 'end', 0);
    expect(stream).not.toBeNull();
    if (stream === null) return;
    const late = during(side, () => {
      side.connection.sendHead(stream, STATUS, NEVER, 'end');
      side.connection.sendData(stream, Buffer.from('a'), 'end');
      side.connection.sendTrailers(stream, [['age', '1']]);
    });
    expect(late).toEqual({ told: false, frames: [] });
    expect(side.closed).toEqual([]);
  });

  it('may end a stream and the connection whenever it wants', () => {
    const side = server().receive(opened(1));
    expect(during(side, () => side.connection.reset(side.stream(), ERROR.CANCEL))).toEqual({
      told: true,
      frames: [[FRAME.RST_STREAM, 0, 1, 4]],
    });
    expect(during(side, () => side.connection.end(ERROR.ENHANCE_YOUR_CALM, 'enough')).frames).toEqual([
      [FRAME.GOAWAY, 0, 0, 8],
    ]);
    expect(during(side, () => side.connection.end(ERROR.NO_ERROR, 'again')).frames).toEqual([]);
    expect(side.told).toEqual(['head 1 4 more', 'finished enough']);
  });

  it('learns of each stream that went with the socket', () => {
    const side = server().receive(opened(1), opened(3));
    expect(side.connection.streams).toBe(2);
    const gone = during(side, () => side.connection.abandon());
    expect(gone).toEqual({ told: false, frames: [] });
    expect(side.told.slice(2)).toEqual([1, 3].map((id) => `reset ${id} ${ERROR.CANCEL} connection`));
    expect(side.closed).toEqual([1, 3]);
    expect(side.connection.streams).toBe(0);
    side.receive(request(5));
    expect(side.told).toHaveLength(4);
  });

  it('gets nothing more to write of a connection that is over', () => {
    const side = server().receive(request(1));
    side.connection.socketIs('full');
    side.connection.sendHead(side.stream(), STATUS, NEVER, 'more');
    side.connection.sendData(side.stream(), Buffer.from('a'), 'end');
    side.connection.end(ERROR.NO_ERROR, 'enough');
    side.flush();
    expect(during(side, () => side.connection.socketIs('drained'))).toEqual({ told: false, frames: [] });
    const wide = server().receive(frame(FRAME.WINDOW_UPDATE, 0, 0, uint32(1_000_000)), request(1));
    wide.receive(frame(FRAME.WINDOW_UPDATE, 0, 1, uint32(1_000_000)));
    wide.connection.sendHead(wide.stream(), STATUS, NEVER, 'more');
    wide.connection.sendData(wide.stream(), Buffer.alloc(400_000), 'end');
    wide.connection.end(ERROR.NO_ERROR, 'enough');
    wide.connection.takeOutput();
    expect(wide.connection.hasOutput).toBe(false);
  });

  it('has to say that the socket took something before a peer’s unread answers are forgotten', () => {
    const ping = frame(FRAME.PING, 0, 0, Buffer.alloc(8));
    for (const [state, over] of [
      ['full', true],
      ['drained', false],
    ] as const) {
      const side = server();
      for (let turn = 0; turn < 1_200; turn += 1) {
        side.nowMs += 1_000;
        side.connection.receive(ping, side.nowMs);
        side.connection.socketIs(state);
      }
      expect(side.told.includes('finished unread-answers')).toBe(over);
    }
  });
});

describe('a client that asks on and reads no answer', () => {
  it.each([
    ['full', 'finished unread-answers'],
    ['drained', undefined],
  ] as const)('with a socket that is %s', (state, end) => {
    const side = server();
    side.onHead = (stream) => {
      side.connection.sendHead(stream, STATUS, NEVER, 'end');
      side.connection.socketIs(state);
    };
    for (let id = 1; id < 20_100; id += 2) side.connection.receive(request(id), 0);
    expect(side.told.find((told) => told.startsWith('finished'))).toBe(end);
    expect(side.streams.length).toBe(end === undefined ? 10_050 : 10_001);
  });
});

describe('a connection that drains (RFC 9113 §6.8)', () => {
  it('of a server says so at once, with a ping, and once only', () => {
    const side = server().receive(opened(1));
    expect(during(side, () => side.connection.drain()).frames).toEqual([
      [FRAME.GOAWAY, 0, 0, 8],
      [FRAME.PING, 0, 0, 8],
    ]);
    expect(during(side, () => side.connection.drain()).frames).toEqual([]);
    side.receive(frame(FRAME.PING, FLAG.ACK, 0, DRAIN_PING));
    expect(during(side, () => side.connection.drain()).frames).toEqual([]);
  });

  it('of a client says so without one, opens nothing more and ends with its last stream', () => {
    const side = client();
    side.connection.open(GET, NEVER, 'end', 0);
    side.flush();
    expect(during(side, () => side.connection.drain())).toEqual({
      told: true,
      frames: [[FRAME.GOAWAY, 0, 0, 8]],
    });
    expect(side.connection.accepts).toBe(false);
    expect(side.connection.open(GET, NEVER, 'end', 0)).toBeNull();
    side.receive(headers(1, FLAG.END_HEADERS | FLAG.END_STREAM, STATUS));
    expect(side.told).toEqual(['head 1 1 end', 'finished well']);
  });

  it('of a client without streams is over', () => {
    const side = client();
    side.connection.drain();
    expect(side.told).toEqual(['finished well']);
    expect(during(side, () => side.connection.drain()).frames).toEqual([]);
  });
});
