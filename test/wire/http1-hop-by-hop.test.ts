import { describe, expect, it } from 'vitest';
import { endToEndRequestHeaders, endToEndResponseHeaders } from '../../wire/http1-hop-by-hop.ts';

describe('fields of one hop', () => {
  it.each(['host', 'x-forwarded-for', 'X-Forwarded-Proto', ':path'])(
    'a request that has %s dropped is refused',
    (name) => {
      expect(endToEndRequestHeaders([['connection', name]])).toBeNull();
    },
  );

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
  });
});
