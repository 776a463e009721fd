import { describe, expect, it } from 'vitest';
import { ERROR, FLAG, FRAME } from '../../../wire/http2/protocol.ts';
import { frame, GET, request, uint32 } from '../../support/http2-frames.ts';
import { client, data, headers, NEVER, opened, server, type Side, STATUS } from '../../support/http2-side.ts';

/** Increments of the windows that were given back since the last call, by stream. */
function givenBack(side: Side): [stream: number, increment: number][] {
  side.flush();
  return side.sent
    .splice(0)
    .filter(({ type }) => type === FRAME.WINDOW_UPDATE)
    .map(({ stream, payload }) => [stream, payload.readUInt32BE(0)]);
}

describe('the window that is given back (RFC 9113 §6.9)', () => {
  it('is as large as what was consumed, of the stream and of the connection', () => {
    const side = server({ streamWindow: 40_000, connectionWindow: 65_535 }).receive(opened(1));
    givenBack(side);
    side.receive(data(1, 16_384), data(1, 16_384));
    side.connection.consume(side.stream(), 19_999);
    expect(givenBack(side)).toEqual([]);
    const before = side.outputs;
    side.connection.consume(side.stream(), 1);
    expect(side.outputs).toBe(before + 1);
    expect(givenBack(side)).toEqual([[1, 20_000]]);
    // 12,768 of the stream are left; more than came can’t be consumed.
    side.connection.consume(side.stream(), 1_000_000);
    expect(side.outputs).toBe(before + 2);
    expect(givenBack(side)).toEqual([[0, 32_768]]);
    side.connection.consume(side.stream(), 1_000_000);
    expect(givenBack(side)).toEqual([]);
    expect(side.stream()).toMatchObject({ unconsumed: 0, uncredited: 12_768, receiveWindow: 27_232 });
    side.receive(data(1, 16_384), data(1, 10_848));
    expect(side.told.at(-1)).toBe('data 1 10848 more');
    side.receive(data(1, 1));
    expect(side.told.at(-1)).toBe(`reset 1 ${ERROR.FLOW_CONTROL_ERROR} codec`);
  });

  it('is the connection’s alone where the stream’s message has ended', () => {
    const side = server({ streamWindow: 40_000, connectionWindow: 65_535 }).receive(opened(1));
    givenBack(side);
    side.receive(data(1, 16_384), data(1, 16_384), data(1, 7_000, FLAG.END_STREAM));
    side.connection.consume(side.stream(), 39_768);
    expect(givenBack(side)).toEqual([[0, 39_768]]);
  });

  it('is the connection’s alone where the stream is over, and is given when its bytes are consumed', () => {
    const side = server({ streamWindow: 40_000, connectionWindow: 65_535 }).receive(opened(1));
    givenBack(side);
    side.receive(data(1, 16_384), data(1, 16_384), data(1, 7_000, FLAG.END_STREAM));
    side.connection.sendHead(side.stream(), STATUS, NEVER, 'end');
    expect(side.closed).toEqual([1]);
    expect(givenBack(side)).toEqual([]);
    side.connection.consume(side.stream(), 39_768);
    expect(givenBack(side)).toEqual([[0, 39_768]]);
  });

  it('is given at once for what nobody will consume of a stream that was broken off', () => {
    const side = server({ streamWindow: 40_000, connectionWindow: 65_535 }).receive(opened(1));
    givenBack(side);
    side.receive(data(1, 16_384), data(1, 16_384));
    const before = side.outputs;
    side.connection.reset(side.stream(), ERROR.CANCEL);
    expect(side.outputs).toBeGreaterThan(before);
    expect(givenBack(side)).toEqual([[0, 32_768]]);
    side.connection.consume(side.stream(), 32_768);
    side.connection.consume(side.stream(), 32_768);
    expect(givenBack(side)).toEqual([]);
  });

  it('is given back by the peer’s own reset too', () => {
    const side = server({ streamWindow: 40_000, connectionWindow: 65_535 }).receive(opened(1));
    givenBack(side);
    side.receive(data(1, 16_384), data(1, 16_384), frame(FRAME.RST_STREAM, 0, 1, uint32(ERROR.CANCEL)));
    expect(givenBack(side)).toEqual([[0, 32_768]]);
  });

  it('is not given when the connection is over', () => {
    const side = server({ connectionWindow: 65_535 }).receive(
      opened(1),
      data(1, 16_384),
      data(1, 16_384),
      data(1, 9),
    );
    side.connection.end(ERROR.NO_ERROR, 'enough');
    side.written();
    side.connection.consume(side.stream(), 32_777);
    expect(givenBack(side)).toEqual([]);
  });
});

describe('a stream', () => {
  it('is over when both sides have ended it, whichever was first', () => {
    const first = server().receive(request(1));
    first.connection.sendHead(first.stream(), STATUS, NEVER, 'more');
    expect(first.closed).toEqual([]);
    first.connection.sendData(first.stream(), Buffer.from('a'), 'end');
    expect(first.closed).toEqual([1]);
    expect(first.connection.streams).toBe(0);
    const asking = client();
    const stream = asking.connection.open(GET, NEVER, 'more', 0);
    asking.receive(headers(1, FLAG.END_HEADERS | FLAG.END_STREAM, STATUS));
    expect(asking.closed).toEqual([]);
    if (stream !== null) asking.connection.sendData(stream, Buffer.from('a'), 'end');
    expect(asking.closed).toEqual([1]);
    asking.connection.open(GET, NEVER, 'end', 0);
    asking.receive(headers(3, FLAG.END_HEADERS, STATUS), data(3, 1));
    expect(asking.closed).toEqual([1]);
    asking.receive(data(3, 1, FLAG.END_STREAM));
    expect(asking.closed).toEqual([1, 3]);
    expect(asking.resetCode).toBeUndefined();
  });

  it('that was answered before its end is reset with NO_ERROR (RFC 9113 §8.1), and none of that is a flood', () => {
    const side = server();
    for (let turn = 0; turn < 600; turn += 1) {
      side.receive(opened(turn * 2 + 1));
      side.connection.sendHead(side.stream(turn), STATUS, NEVER, 'end');
    }
    expect(side.resetCode).toBe(ERROR.NO_ERROR);
    expect(side.closed).toHaveLength(600);
    // Only the peer’s own resets count, of which half may be.
    for (let turn = 600; turn < 840; turn += 1)
      side.receive(opened(turn * 2 + 1), frame(FRAME.RST_STREAM, 0, turn * 2 + 1, uint32(ERROR.CANCEL)));
    expect(side.told.filter((line) => line.startsWith('finished'))).toEqual([]);
  });

  it('that was complete leaves room for others to be cancelled', () => {
    const side = server();
    for (let turn = 0; turn < 1_000; turn += 1) {
      side.receive(request(turn * 2 + 1));
      side.connection.sendHead(side.stream(turn), STATUS, NEVER, 'end');
    }
    for (let turn = 1_000; turn < 1_300; turn += 1)
      side.receive(opened(turn * 2 + 1), frame(FRAME.RST_STREAM, 0, turn * 2 + 1, uint32(ERROR.CANCEL)));
    expect(side.told.filter((line) => line.startsWith('finished'))).toEqual([]);
  });

  it('is reset once, and nothing is sent on it afterwards', () => {
    const side = server().receive(opened(1));
    side.connection.sendHead(side.stream(), STATUS, NEVER, 'more');
    side.connection.socketIs('full');
    side.connection.sendData(side.stream(), Buffer.alloc(100), 'more');
    side.written();
    for (let turn = 0; turn < 2; turn += 1) side.connection.reset(side.stream(), ERROR.CANCEL);
    side.connection.socketIs('drained');
    side.connection.sendHead(side.stream(), STATUS, NEVER, 'more');
    side.connection.sendData(side.stream(), Buffer.alloc(100), 'end');
    side.connection.sendTrailers(side.stream(), [['x-a', '1']]);
    expect(side.written()).toEqual([[FRAME.RST_STREAM, 0, 1, 4]]);
    expect(side.stream().waitingBytes).toBe(0);
    expect(side.closed).toEqual([1]);
    // The body that waited counts as gone: what it came from may go on.
    expect(side.told).toEqual(['head 1 4 more', 'sent 1 100']);
  });
});

describe('the last word of a connection', () => {
  it('names the newest stream of a server’s client, and none of a client’s server (RFC 9113 §6.8)', () => {
    const side = server().receive(request(1), request(7));
    side.connection.end(ERROR.INTERNAL_ERROR, 'enough');
    side.flush();
    expect(side.last(FRAME.GOAWAY)?.payload).toEqual(
      Buffer.concat([uint32(7), uint32(ERROR.INTERNAL_ERROR)]),
    );
    const asking = client();
    asking.connection.open(GET, NEVER, 'end', 0);
    asking.connection.end(ERROR.PROTOCOL_ERROR, 'enough');
    asking.flush();
    expect(asking.last(FRAME.GOAWAY)?.payload).toEqual(
      Buffer.concat([uint32(0), uint32(ERROR.PROTOCOL_ERROR)]),
    );
  });

  it('is said once', () => {
    const side = client();
    side.connection.open(GET, NEVER, 'end', 0);
    side.connection.drain();
    side.receive(headers(1, FLAG.END_HEADERS | FLAG.END_STREAM, STATUS));
    side.written();
    side.connection.end(ERROR.NO_ERROR, 'enough');
    side.connection.drain();
    side.connection.abandon();
    expect(side.written()).toEqual([]);
    expect(side.told).toEqual(['head 1 1 end', 'finished well']);
  });
});
