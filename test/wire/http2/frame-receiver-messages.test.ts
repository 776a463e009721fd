/** Requests and answers as a frame receiver takes them. */
import { describe, expect, it } from 'vitest';
import { ERROR, FLAG, FRAME } from '../../../wire/http2/protocol.ts';
import { GET, padded, request, uint32 } from '../../support/http2-frames.ts';
import {
  answer,
  client,
  data,
  headers,
  NEVER,
  opened,
  server,
  type Side,
  STATUS,
} from '../../support/http2-side.ts';

const END = FLAG.END_HEADERS | FLAG.END_STREAM;

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
