/** CVE-2023-27491 and its like: no field of an upstream becomes a line of its own. */
import { describe, expect, it } from 'vitest';
import { checkResponseFields, checkTrailerFields, statedLength } from '../../../wire/http2/message-fields.ts';

type Fields = [string, string][];
const response = (fields: Fields, overflow: 'bytes' | 'fields' | null = null) =>
  checkResponseFields({ fields, overflow, neverIndexed: new Set() });
const OK: [string, string] = [':status', '200'];

describe('a response', () => {
  it('is a status and fields', () => {
    expect(response([OK, ['x', '1'], ['x', '']])).toEqual({
      status: 200,
      headers: [
        ['x', '1'],
        ['x', ''],
      ],
    });
    for (const status of ['100', '103', '204', '599'])
      expect(response([[':status', status]])).toEqual({ status: Number(status), headers: [] });
  });

  it.each(['101', '099', '600', '20', '2000', '', 'abc', '2 0', '+20', '200 '])(
    'has no status %j',
    (status) => {
      expect(response([[':status', status]])).toBeNull();
    },
  );

  it('begins with its status, and has no other pseudo-header', () => {
    expect(response([])).toBeNull();
    expect(response([['x', '1'], OK])).toBeNull();
    expect(response([OK, OK])).toBeNull();
    expect(response([OK, [':path', '/']])).toBeNull();
    expect(response([[':path', '200']])).toBeNull();
  });

  it('is whole', () => {
    expect(response([OK], 'bytes')).toBeNull();
    expect(response([OK], 'fields')).toBeNull();
  });

  it.each(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'])(
    'has no %s',
    (name) => {
      expect(response([OK, [name, 'x']])).toBeNull();
      expect(
        checkTrailerFields({ fields: [[name, 'x']], overflow: null, neverIndexed: new Set() }),
      ).toBeNull();
    },
  );

  it.each<[string, string]>([
    ['X-Upper', '1'],
    ['', '1'],
    ['a b', '1'],
    ['a:', '1'],
    ['x\r\ny', '1'],
    ['x', 'a\r\nb: c'],
    ['x', 'a\nb'],
    ['x', 'a\0b'],
  ])('has no field %j: %j', (name, value) => {
    expect(response([OK, [name, value]])).toBeNull();
    expect(response([OK, ['y', '1'], [name, value]])).toBeNull();
  });
});

describe('trailers', () => {
  const trailers = (fields: Fields, overflow: 'bytes' | null = null) =>
    checkTrailerFields({ fields, overflow, neverIndexed: new Set() });

  it('are fields without a pseudo-header, and whole', () => {
    expect(trailers([['grpc-status', '0']])).toEqual([['grpc-status', '0']]);
    expect(trailers([])).toEqual([]);
    expect(trailers([[':status', '200']])).toBeNull();
    expect(trailers([['x', '1']], 'bytes')).toBeNull();
  });
});

describe('the length that a head states', () => {
  it.each([
    ['0', 0],
    ['17', 17],
    ['007', 7],
    ['999999999999999', 999_999_999_999_999],
    ['1000000000000000', null],
    ['', null],
    ['-1', null],
    ['1,1', null],
    ['1 ', null],
    ['x1', null],
  ])('of %j is %j', (text, length) => {
    expect(
      statedLength([
        ['x', '1'],
        ['content-length', text],
      ]),
    ).toBe(length);
  });

  it('is none without the field, and the first of several', () => {
    expect(statedLength([['x', '1']])).toBeNull();
    expect(
      statedLength([
        ['content-length', '1'],
        ['content-length', '2'],
      ]),
    ).toBe(1);
  });
});
