/** Frames about the connection: settings, windows, PING, GOAWAY. */
import { describe, expect, it } from 'vitest';
import { DRAIN_PING } from '../../../wire/http2/frame-receiver.ts';
import { ERROR, FLAG, FRAME, PREFACE, SETTING } from '../../../wire/http2/protocol.ts';
import { frame, GET, request, setting, uint32, windowUpdate } from '../../support/http2-frames.ts';
import {
  answer,
  client,
  data,
  headers,
  NEVER,
  opened,
  server,
  Side,
  STATUS,
} from '../../support/http2-side.ts';

const END = FLAG.END_HEADERS | FLAG.END_STREAM;
const goAway = (last: number): Buffer =>
  frame(FRAME.GOAWAY, 0, 0, Buffer.concat([uint32(last), uint32(ERROR.NO_ERROR)]));

describe('settings', () => {
  it('are acknowledged, their acknowledgement isn’t (RFC 9113 §6.5.3)', () => {
    const side = new Side('server').receive(Buffer.from(PREFACE));
    side.written();
    side.receive(frame(FRAME.SETTINGS, 0, 0));
    expect(side.written()).toEqual([[FRAME.SETTINGS, FLAG.ACK, 0, 0]]);
    side.receive(frame(FRAME.SETTINGS, FLAG.ACK, 0));
    expect(side.written()).toEqual([]);
  });

  it('of a table are told back by the next block (RFC 7541 §4.2)', () => {
    const side = server().receive(setting(SETTING.HEADER_TABLE_SIZE, 0), request(1));
    side.written();
    answer(side);
    side.connection.sendHead(side.stream(), STATUS, NEVER, 'end');
    expect(side.last(FRAME.HEADERS)?.payload.toString('hex')).toBe('2088');
  });

  it('change the windows of streams that are open, both ways (RFC 9113 §6.9.2)', () => {
    const side = server().receive(setting(SETTING.INITIAL_WINDOW_SIZE, 1_000), request(1), request(3));
    for (const stream of side.streams) side.connection.sendHead(stream, STATUS, NEVER, 'more');
    side.connection.sendData(side.stream(0), Buffer.alloc(1_500), 'end');
    side.written();
    side.receive(setting(SETTING.INITIAL_WINDOW_SIZE, 600));
    expect(side.streams.map(({ sendWindow }) => sendWindow)).toEqual([-400, 600]);
    side.receive(windowUpdate(1, 500));
    side.written();
    side.receive(setting(SETTING.INITIAL_WINDOW_SIZE, 1_000));
    expect(side.written()).toContainEqual([FRAME.DATA, FLAG.END_STREAM, 1, 400]);
    expect(side.streams.map(({ sendWindow }) => sendWindow)).toEqual([0, 1_000]);
  });

  it('that widen them are acknowledged together with what they let go', () => {
    const side = server().receive(setting(SETTING.INITIAL_WINDOW_SIZE, 0), request(1));
    side.connection.sendHead(side.stream(), STATUS, NEVER, 'more');
    side.connection.sendData(side.stream(), Buffer.from('abc'), 'end');
    side.flush();
    side.connection.receive(setting(SETTING.INITIAL_WINDOW_SIZE, 3), 0);
    expect(Buffer.from(side.connection.takeOutput()).toString('latin1')).toContain('abc');
  });

  it('may widen them to 2³¹−1', () => {
    const side = server().receive(opened(1), setting(SETTING.INITIAL_WINDOW_SIZE, 2 ** 31 - 1));
    expect(side.stream().sendWindow).toBe(2 ** 31 - 1);
    expect(side.told).toEqual(['head 1 4 more']);
  });
});

describe('a window that the peer opens (RFC 9113 §6.9.1)', () => {
  it('of the connection lets go what waited for it alone, up to 2³¹−1', () => {
    const side = server().receive(setting(SETTING.INITIAL_WINDOW_SIZE, 200_000), request(1));
    side.connection.sendHead(side.stream(), STATUS, NEVER, 'more');
    side.connection.sendData(side.stream(), Buffer.alloc(70_000), 'end');
    side.written();
    side.receive(windowUpdate(0, 10_000));
    expect(side.written()).toEqual([[FRAME.DATA, FLAG.END_STREAM, 1, 70_000 - 65_535]]);
    const left = 65_535 + 10_000 - 70_000;
    side.receive(windowUpdate(0, 2 ** 31 - 1 - left), request(3));
    expect(side.told.at(-1)).toBe('head 3 4 end');
    side.receive(windowUpdate(0, 1));
    expect(side.told.at(-1)).toBe('finished window-overflow');
  });

  it('of a stream goes up to 2³¹−1, and ends the stream beyond', () => {
    const side = server().receive(opened(1), windowUpdate(1, 2 ** 31 - 1 - 65_535));
    expect(side.stream().sendWindow).toBe(2 ** 31 - 1);
    expect(side.told).toEqual(['head 1 4 more']);
    side.receive(windowUpdate(1, 1));
    expect(side.told.at(-1)).toBe(`reset 1 ${ERROR.FLOW_CONTROL_ERROR} codec`);
    expect(side.resetCode).toBe(ERROR.FLOW_CONTROL_ERROR);
  });

  it('has a reserved bit that is ignored', () => {
    const side = server().receive(opened(1), windowUpdate(1, 2 ** 31 + 5));
    expect(side.stream().sendWindow).toBe(65_540);
  });
});

describe('PING', () => {
  it('is answered with its own payload (RFC 9113 §6.7)', () => {
    const side = server();
    side.sent.length = 0;
    side.receive(frame(FRAME.PING, 0, 0, Buffer.from('12345678')));
    expect(side.last(FRAME.PING)).toMatchObject({ flags: FLAG.ACK, payload: Buffer.from('12345678') });
    side.written();
    side.receive(frame(FRAME.PING, FLAG.ACK, 0, Buffer.from('12345678')));
    expect(side.written()).toEqual([]);
  });
});

describe('GOAWAY', () => {
  it('is sent twice by a server that drains, the second time after a ping came back (RFC 9113 §6.8)', () => {
    const side = server().receive(opened(1));
    side.receive(frame(FRAME.PING, FLAG.ACK, 0, DRAIN_PING));
    side.connection.drain();
    const goAways = (): number[] =>
      side.sent.filter(({ type }) => type === FRAME.GOAWAY).map(({ payload }) => payload.readUInt32BE(0));
    side.receive(frame(FRAME.PING, FLAG.ACK, 0, Buffer.from(DRAIN_PING).fill(0, 1)));
    expect(goAways()).toEqual([2 ** 31 - 1]);
    for (let turn = 0; turn < 2; turn += 1) side.receive(frame(FRAME.PING, FLAG.ACK, 0, DRAIN_PING));
    expect(goAways()).toEqual([2 ** 31 - 1, 1]);
    // What comes on a stream that was too late is dropped.
    side.receive(opened(3), data(3, 10), headers(3, END));
    expect(side.told).toEqual(['head 1 4 more']);
    expect(side.connection.streams).toBe(1);
  });

  it('of a server without streams ends with the ping', () => {
    const side = server();
    side.connection.drain();
    side.receive(frame(FRAME.PING, FLAG.ACK, 0, DRAIN_PING));
    expect(side.told).toEqual(['finished well']);
  });

  it('from a client changes nothing: it is about streams that we never push', () => {
    const side = server().receive(goAway(0), request(1));
    expect(side.told).toEqual(['head 1 4 end']);
  });

  it('from a server gives back the window of what it will never answer', () => {
    const side = client({ connectionWindow: 65_535 });
    for (let turn = 0; turn < 2; turn += 1) side.connection.open(GET, NEVER, 'end', 0);
    side.receive(headers(3, FLAG.END_HEADERS, STATUS), ...Array.from({ length: 3 }, () => data(3, 12_000)));
    side.written();
    side.receive(goAway(1));
    expect(side.last(FRAME.WINDOW_UPDATE)).toMatchObject({ stream: 0, payload: uint32(36_000) });
    expect(side.closed).toEqual([3]);
  });

  it('from a server ends a connection without streams', () => {
    expect(client().receive(goAway(0)).told).toEqual(['finished well']);
  });
});
