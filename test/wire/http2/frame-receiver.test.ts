import { describe, expect, it } from 'vitest';
import { DRAIN_PING } from '../../../wire/http2/frame-receiver.ts';
import { ERROR, FLAG, FRAME, PREFACE, SETTING } from '../../../wire/http2/protocol.ts';
import { frame, GET, HELLO, request, uint32 } from '../../support/http2-frames.ts';
import { client, data, headers, NEVER, server, Side } from '../../support/http2-side.ts';

const END = FLAG.END_HEADERS | FLAG.END_STREAM;
const STATUS: [string, string][] = [[':status', '200']];
const opened = (stream: number): Buffer => headers(stream, FLAG.END_HEADERS);
const reset = (stream: number, code: number): Buffer => frame(FRAME.RST_STREAM, 0, stream, uint32(code));
const windowUpdate = (stream: number, increment: number): Buffer =>
  frame(FRAME.WINDOW_UPDATE, 0, stream, uint32(increment));
const setting = (identifier: number, value: number): Buffer =>
  frame(FRAME.SETTINGS, 0, 0, Buffer.concat([Buffer.from([0, identifier]), uint32(value)]));
const goAway = (last: number): Buffer =>
  frame(FRAME.GOAWAY, 0, 0, Buffer.concat([uint32(last), uint32(ERROR.NO_ERROR)]));
const padded = (stream: number, flags: number, ...payload: number[]): Buffer =>
  frame(FRAME.DATA, FLAG.PADDED | flags, stream, Uint8Array.of(...payload));

/** Answers the request in full. */
function answer(side: Side, index = 0): void {
  side.connection.sendHead(side.stream(index), STATUS, NEVER, 'end');
  side.flush();
}

describe('a peer whose first frame isn’t its settings (RFC 9113 §3.4)', () => {
  it.each<[string, Buffer]>([
    ['PING', frame(FRAME.PING, 0, 0, Buffer.alloc(8))],
    ['PING that is acknowledged', frame(FRAME.PING, FLAG.ACK, 0, Buffer.alloc(8))],
    ['settings acknowledged', frame(FRAME.SETTINGS, FLAG.ACK, 0)],
    ['HEADERS', request(1)],
  ])('loses the connection: %s', (_title, first) => {
    const side = new Side('server').receive(Buffer.from(PREFACE), first);
    expect(side.told).toEqual(['finished no-settings-first']);
    expect(side.goAwayCode).toBe(ERROR.PROTOCOL_ERROR);
  });
});

describe('frames that end the connection', () => {
  it.each<[string, () => Side, Buffer[], string, number]>([
    ['DATA on the connection (§6.1)', server, [data(0, 1)], 'data-on-idle-stream', ERROR.PROTOCOL_ERROR],
    [
      'DATA on an even stream, which nobody opened (§5.1.1)',
      server,
      [opened(3), data(2, 1)],
      'data-on-idle-stream',
      ERROR.PROTOCOL_ERROR,
    ],
    [
      'DATA whose padding is too long (§6.1)',
      server,
      [opened(1), padded(1, 0, 9, 1)],
      'data-padding-too-long',
      ERROR.PROTOCOL_ERROR,
    ],
    [
      'an even stream, newer or older than the last one (§5.1.1)',
      server,
      [opened(5), opened(4)],
      'even-stream',
      ERROR.PROTOCOL_ERROR,
    ],
    [
      'HEADERS behind its own end (§5.1)',
      server,
      [request(1), request(1)],
      'headers-on-closed-stream',
      ERROR.STREAM_CLOSED,
    ],
    [
      'HEADERS on a stream that a newer one closed (§5.1.1)',
      server,
      [opened(3), opened(1)],
      'headers-on-closed-stream',
      ERROR.STREAM_CLOSED,
    ],
    [
      'DATA behind its own end (§5.1)',
      server,
      [opened(1), data(1, 1, FLAG.END_STREAM), data(1, 1)],
      'data-on-closed-stream',
      ERROR.STREAM_CLOSED,
    ],
    [
      'RST_STREAM of an idle stream (§6.4)',
      server,
      [reset(1, 0)],
      'reset-of-idle-stream',
      ERROR.PROTOCOL_ERROR,
    ],
    [
      'WINDOW_UPDATE of an idle stream (§5.1)',
      server,
      [windowUpdate(1, 1)],
      'window-update-of-idle-stream',
      ERROR.PROTOCOL_ERROR,
    ],
    [
      'settings acknowledged with a payload (§6.5)',
      server,
      [frame(FRAME.SETTINGS, FLAG.ACK, 0, Buffer.alloc(6))],
      'settings-ack-with-payload',
      ERROR.FRAME_SIZE_ERROR,
    ],
    [
      'settings that widen an open stream’s window beyond 2³¹−1 (§6.9.2)',
      server,
      [opened(1), windowUpdate(1, 1), setting(SETTING.INITIAL_WINDOW_SIZE, 2 ** 31 - 1)],
      'window-overflow',
      ERROR.FLOW_CONTROL_ERROR,
    ],
    [
      'settings that are forbidden (§6.5.2)',
      server,
      [setting(SETTING.ENABLE_PUSH, 2)],
      'bad-enable-push',
      ERROR.PROTOCOL_ERROR,
    ],
    [
      'HEADERS from a server on a stream that we never opened (§5.1)',
      client,
      [headers(1, END, STATUS)],
      'headers-on-idle-stream',
      ERROR.PROTOCOL_ERROR,
    ],
  ])('%s', (_title, side, pieces, reason, code) => {
    const one = side().receive(...pieces);
    expect(one.told.at(-1)).toBe(`finished ${reason}`);
    expect(one.goAwayCode).toBe(code);
  });

  it('more DATA than the connection’s window, whatever the stream’s (§5.2.1)', () => {
    const side = server({ connectionWindow: 65_535, streamWindow: 1_000_000 });
    side.receive(opened(1), ...Array.from({ length: 3 }, () => data(1, 16_384)), data(1, 16_383));
    expect(side.told.at(-1)).toBe('data 1 16383 more');
    side.receive(data(1, 1));
    expect(side.told.at(-1)).toBe('finished connection-window-exceeded');
    expect(side.goAwayCode).toBe(ERROR.FLOW_CONTROL_ERROR);
  });

  it('DATA and HEADERS on a stream that is over at both ends', () => {
    for (const late of [data(1, 1), headers(1, END)]) {
      const side = server().receive(request(1));
      answer(side);
      expect(side.closed).toEqual([1]);
      side.receive(late);
      expect(side.told.at(-1)).toMatch(/^finished (data|headers)-on-closed-stream$/);
      expect(side.goAwayCode).toBe(ERROR.STREAM_CLOSED);
    }
  });

  it('whatever the owner ended it with: the rest of what came isn’t looked at', () => {
    const side = new Side('server');
    side.onHead = () => side.connection.end(ERROR.ENHANCE_YOUR_CALM, 'enough');
    side.receive(Buffer.concat([HELLO, request(1), request(3), data(1, 1)]));
    expect(side.told).toEqual(['head 1 4 end', 'finished enough']);
    expect(side.goAwayCode).toBe(ERROR.ENHANCE_YOUR_CALM);
  });
});

describe('frames on a stream that was reset', () => {
  it('by us are dropped, and the connection gets their window back (RFC 9113 §5.1, §5.4.2)', () => {
    const side = server({ connectionWindow: 65_535 }).receive(opened(1));
    side.connection.reset(side.stream(), ERROR.CANCEL);
    side.written();
    side.receive(
      data(1, 16_384),
      data(1, 16_384),
      headers(1, END),
      reset(1, ERROR.CANCEL),
      windowUpdate(1, 1),
    );
    expect(side.told).toEqual(['head 1 4 more']);
    expect(side.last(FRAME.WINDOW_UPDATE)).toMatchObject({ stream: 0, payload: uint32(32_768) });
  });

  it('by the peer itself are dropped as well', () => {
    const side = server().receive(opened(1), reset(1, ERROR.CANCEL));
    side.receive(data(1, 10), headers(1, END), request(3));
    expect(side.told).toEqual(['head 1 4 more', `reset 1 ${ERROR.CANCEL} peer`, 'head 3 4 end']);
  });

  it('tell who looked at the request: REFUSED_STREAM says that nobody did (§8.7)', () => {
    const side = client();
    for (let turn = 0; turn < 2; turn += 1) side.connection.open(GET, NEVER, 'end', 0);
    side.receive(reset(1, ERROR.REFUSED_STREAM), reset(3, ERROR.CANCEL));
    expect(side.told).toEqual([`reset 1 ${ERROR.REFUSED_STREAM} refused`, `reset 3 ${ERROR.CANCEL} peer`]);
    expect(side.closed).toEqual([1, 3]);
  });

  it('by a server are no flood, however many', () => {
    const side = client();
    for (let stream = 1; stream < 1_000; stream += 2) {
      side.connection.open(GET, NEVER, 'end', 0);
      side.receive(reset(stream, ERROR.CANCEL));
    }
    expect(side.told.filter((line) => line.startsWith('finished'))).toEqual([]);
  });

  it.each<[string, (stream: number) => Buffer]>([
    ['reset by the peer', (stream) => reset(stream, ERROR.CANCEL)],
    ['reset for its fault', (stream) => windowUpdate(stream, 2 ** 31 - 1)],
  ])('before it was a second old count as a flood late in a connection’s life too: %s', (_title, end) => {
    for (const [lifetimeMs, ended] of [
      [999, true],
      [1_000, false],
    ] as const) {
      const side = server();
      side.nowMs = 100_000;
      for (let stream = 1; stream < 600; stream += 2) {
        side.receive(opened(stream));
        side.nowMs += lifetimeMs;
        side.receive(end(stream));
      }
      expect(side.told.includes('finished rapid-reset')).toBe(ended);
    }
  });
});

describe('a request', () => {
  it('that is longer than the limits is told as cut', () => {
    const side = server({ maxHeaderListBytes: 60, maxHeaderFields: 5 });
    const more = (count: number, value: string): [string, string][] =>
      Array.from({ length: count }, (_, index) => [`x-${index}`, value]);
    side.receive(request(1, [...GET, ...more(1, 'a')]));
    side.receive(request(3, [...GET, ...more(2, 'a')]));
    side.receive(request(5, [...GET, ...more(1, 'a'.repeat(50))]));
    expect(side.told).toEqual(['head 1 5 end', 'head 3 5 over fields end', 'head 5 4 over bytes end']);
  });

  it('is never taken for an informational answer', () => {
    expect(server().receive(request(1, [[':status', '100']])).told).toEqual(['head 1 1 end']);
  });

  it('may end with an empty frame, and an empty one in between is nothing', () => {
    const side = server().receive(opened(1), data(1, 0), data(1, 3), data(1, 0, FLAG.END_STREAM));
    expect(side.told).toEqual(['head 1 4 more', 'data 1 3 more', 'data 1 0 end']);
  });

  it('may fill its window to the last byte', () => {
    const side = server({ streamWindow: 20_000 }).receive(opened(1), data(1, 16_384), data(1, 3_616));
    expect(side.told.at(-1)).toBe('data 1 3616 more');
    side.receive(data(1, 1));
    expect(side.told.at(-1)).toBe(`reset 1 ${ERROR.FLOW_CONTROL_ERROR} codec`);
  });

  it('loses its padding, which the window counts and gets back at once (RFC 9113 §6.1)', () => {
    const side = server({ streamWindow: 100 }).receive(opened(1));
    side.written();
    side.receive(padded(1, 0, 2, 0x61, 0x62, 0, 0), padded(1, 0, 0, 0x63));
    expect(side.content).toBe('abc');
    expect(side.stream()).toMatchObject({
      receiveWindow: 93,
      unconsumed: 3,
      uncredited: 4,
      receivedBytes: 3,
    });
    side.receive(padded(1, 0, 45, ...Array.from({ length: 45 }, () => 0)));
    expect(side.last(FRAME.WINDOW_UPDATE)).toMatchObject({ stream: 1, payload: uint32(50) });
    side.receive(padded(1, FLAG.END_STREAM, 1, 0x64, 0));
    expect(side.content).toBe('abcd');
    expect(side.told.at(-1)).toBe('data 1 1 end');
  });

  it.each<[string, Buffer[], string]>([
    ['its end', [data(1, 3), data(1, 2, FLAG.END_STREAM)], 'data 1 2 end'],
    ['its trailers', [data(1, 3), data(1, 2), headers(1, END, [['x-a', '1']])], 'trailers 1 1'],
  ])('whose body is as long as it said with %s is whole (RFC 9113 §8.1.1)', (_title, pieces, last) => {
    const side = server().receive(opened(1));
    side.stream().expectedBytes = 5;
    side.receive(...pieces);
    expect(side.told.at(-1)).toBe(last);
    answer(side);
    expect(side.closed).toEqual([1]);
    expect(side.resetCode).toBeUndefined();
  });

  it('whose trailers come before its body is whole is malformed', () => {
    const side = server().receive(opened(1));
    side.stream().expectedBytes = 5;
    side.receive(data(1, 4), headers(1, END, [['x-a', '1']]));
    expect(side.told.at(-1)).toBe(`reset 1 ${ERROR.PROTOCOL_ERROR} codec`);
  });
});

describe('an answer', () => {
  function asked(): Side {
    const side = client();
    side.connection.open(GET, NEVER, 'end', 0);
    return side;
  }

  it('that is informational can’t be the last (RFC 9113 §8.1)', () => {
    const side = asked().receive(headers(1, END, [[':status', '100']]));
    expect(side.told).toEqual([`reset 1 ${ERROR.PROTOCOL_ERROR} codec`]);
  });

  it.each<[string, [string, string][]]>([
    ['a status of four digits', [[':status', '1000']]],
    ['another field first', [['x-status', '100']]],
    ['no field', []],
    ['a final status', [[':status', '200']]],
  ])('with %s is none of them: only trailers may follow', (_title, fields) => {
    const side = asked().receive(headers(1, FLAG.END_HEADERS, fields), headers(1, FLAG.END_HEADERS, STATUS));
    expect(side.told).toEqual([`head 1 ${fields.length} more`, `reset 1 ${ERROR.PROTOCOL_ERROR} codec`]);
  });

  it('may begin after any number of informational ones', () => {
    const side = asked();
    for (const status of ['100', '103', '199'])
      side.receive(headers(1, FLAG.END_HEADERS, [[':status', status]]));
    side.receive(headers(1, END, STATUS));
    expect(side.told.at(-1)).toBe('head 1 1 end');
    expect(side.closed).toEqual([1]);
  });
});

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

describe('what must not take long', () => {
  it('is the peer’s settings and its header blocks', () => {
    const side = new Side('server');
    const awaits = (): boolean => side.connection.awaitsHead;
    expect(awaits()).toBe(true);
    side.receive(HELLO);
    expect(awaits()).toBe(false);
    side.receive(headers(1, FLAG.END_STREAM));
    expect(awaits()).toBe(true);
    side.receive(frame(FRAME.CONTINUATION, FLAG.END_HEADERS, 1));
    expect(awaits()).toBe(false);
    side.receive(headers(3, FLAG.END_STREAM));
    side.connection.end(ERROR.NO_ERROR, 'enough');
    expect(awaits()).toBe(false);
  });
});
