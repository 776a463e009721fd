import { describe, expect, it } from 'vitest';
import {
  connectionTokens,
  endToEndRequestHeaders,
  endToEndResponseHeaders,
} from '../../wire/http1-hop-by-hop.ts';

describe('fields of one hop', () => {
  it.each(['host', 'x-forwarded-for', 'x-forwarded-host', 'X-Forwarded-Proto', ':path'])(
    'a request that has %s dropped is refused',
    (name) => {
      expect(endToEndRequestHeaders([['connection', name]])).toBeNull();
    },
  );

  it('a byte above ASCII is no blank around a name', () => {
    expect(connectionTokens([['connection', ' close\t, \u00a0x-a']])).toEqual(['close', '\u00a0x-a']);
  });

  it('ten names in Connection are too many', () => {
    expect(endToEndRequestHeaders([['connection', 'a,b,c,d,e,f,g,h,i,j']])).toBeNull();
  });

  it('drops what Connection names and every field of the hop', () => {
    const headers: [string, string][] = [
      ['connection', 'x-a, close'],
      ['x-a', '1'],
      ['keep-alive', 'timeout=5'],
      ['proxy-connection', 'x'],
      ['upgrade', 'h2c'],
      ['transfer-encoding', 'chunked'],
      ['x-b', '2'],
    ];
    expect(endToEndRequestHeaders(headers)).toEqual([['x-b', '2']]);
    expect(endToEndResponseHeaders(headers)).toEqual([
      ['x-a', '1'],
      ['x-b', '2'],
    ]);
  });

  it('of TE only trailers goes on', () => {
    expect(endToEndRequestHeaders([['te', 'gzip, trailers']])).toEqual([['te', 'trailers']]);
    expect(endToEndRequestHeaders([['te', 'gzip']])).toEqual([]);
    expect(endToEndRequestHeaders([['te', 'trailers\u00a0']])).toEqual([]);
  });

  it('an option of Connection drops no field of its name, and a TE that it names goes on all the same', () => {
    expect(
      endToEndRequestHeaders([
        ['connection', 'close, http2-settings, te'],
        ['close', '1'],
        ['http2-settings', 'AAMAAABk'],
        ['te', 'trailers'],
      ]),
    ).toEqual([
      ['close', '1'],
      ['http2-settings', 'AAMAAABk'],
      ['te', 'trailers'],
    ]);
  });

  it.each([
    ['h2c', []],
    [' H2C ', []],
    ['websocket', [['http2-settings', 'AAMAAABk']]],
  ])('settings for an upgrade to %j go on as %j', (upgrade, kept) => {
    expect(
      endToEndRequestHeaders([
        ['upgrade', upgrade],
        ['http2-settings', 'AAMAAABk'],
      ]),
    ).toEqual(kept);
  });

  it('settings without an upgrade go on, whatever other field says h2c', () => {
    const headers: [string, string][] = [
      ['http2-settings', 'AAMAAABk'],
      ['x-protocol', 'h2c'],
    ];
    expect(endToEndRequestHeaders(headers)).toEqual(headers);
  });

  it('the tokens of Connection are read over all its fields, without blanks, case or gaps', () => {
    expect(
      connectionTokens([
        ['connection', ' Close ,,\tx-A'],
        ['x-b', 'te'],
        ['connection', 'x-b,'],
      ]),
    ).toEqual(['close', 'x-a', 'x-b']);
  });
});
