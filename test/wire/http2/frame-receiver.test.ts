import { describe, expect, it } from 'vitest';
import { ERROR, FLAG, FRAME, PREFACE, SETTING } from '../../../wire/http2/protocol.ts';
import {
  frame,
  GET,
  HELLO,
  padded,
  request,
  reset,
  setting,
  uint32,
  windowUpdate,
} from '../../support/http2-frames.ts';
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
