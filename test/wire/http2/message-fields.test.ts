import { describe, expect, it } from 'vitest';
import type { DecodedBlock } from '../../../wire/http2/hpack-decoder.ts';
import { checkResponseFields, checkTrailerFields, statedLength } from '../../../wire/http2/message-fields.ts';

type Fields = [string, string][];

function block(fields: Fields, overflow: DecodedBlock['overflow'] = null): DecodedBlock {
  return { fields, overflow, neverIndexed: new Set() };
}

/** Fields that no message of HTTP/2 may have (RFC 9113 §8.2.1, §8.2.2). */
const MALFORMED: [string, [string, string]][] = [
  ['connection', ['connection', 'close']],
  ['keep-alive', ['keep-alive', 'timeout=5']],
  ['proxy-connection', ['proxy-connection', 'keep-alive']],
  ['transfer-encoding', ['transfer-encoding', 'chunked']],
  ['upgrade', ['upgrade', 'h2c']],
  ['a capital in a name', ['X-a', 'b']],
  ['a name that is empty', ['', 'b']],
  ['a pseudo-header behind the others', [':status', '200']],
  ['a line break in a value', ['x-a', 'b\r\nc: d']],
  ['a NUL in a value', ['x-a', '\0']],
];

describe('the head of an answer', () => {
  it.each(MALFORMED)('with %s is malformed', (_title, field) => {
    expect(checkResponseFields(block([[':status', '200'], ['x-before', '1'], field]))).toBeNull();
  });

  it.each<[string, Fields]>([
    ['no field', []],
    ['no status', [['x-a', 'b']]],
    [
      'a status that isn’t first',
      [
        ['x-a', 'b'],
        [':status', '200'],
      ],
    ],
    ['another pseudo-header', [[':path', '200']]],
    ['101, which HTTP/2 hasn’t (§8.6)', [[':status', '101']]],
    ['a status of two digits', [[':status', '20']]],
    ['a status of four digits', [[':status', '2000']]],
    ['a status with a blank', [[':status', ' 200']]],
    ['a status below 100', [[':status', '099']]],
    ['a status above 599', [[':status', '600']]],
    ['a status that is no number', [[':status', '2xx']]],
  ])('with %s is malformed', (_title, fields) => {
    expect(checkResponseFields(block(fields))).toBeNull();
  });

  it('that was cut is malformed', () => {
    expect(checkResponseFields(block([[':status', '200']], 'bytes'))).toBeNull();
    expect(checkResponseFields(block([[':status', '200']], 'fields'))).toBeNull();
  });

  it.each([100, 103, 200, 404, 599])('gives its status %i and its fields in order', (status) => {
    const fields: Fields = [
      ['x-a', '1'],
      ['te', 'x'],
      ['x-a', ''],
    ];
    expect(checkResponseFields(block([[':status', String(status)], ...fields]))).toEqual({
      status,
      headers: fields,
    });
  });
});

describe('trailers', () => {
  it.each(MALFORMED)('with %s are malformed', (_title, field) => {
    expect(checkTrailerFields(block([['x-before', '1'], field]))).toBeNull();
  });

  it('that were cut are malformed, and others are kept', () => {
    const fields: Fields = [
      ['grpc-status', '0'],
      ['x-a', '1'],
    ];
    expect(checkTrailerFields(block(fields, 'bytes'))).toBeNull();
    expect(checkTrailerFields(block(fields))).toEqual(fields);
    expect(checkTrailerFields(block([]))).toEqual([]);
  });
});

describe('a stated length', () => {
  it.each<[string, number | null]>([
    ['0', 0],
    ['12', 12],
    ['999999999999999', 999_999_999_999_999],
    ['1000000000000000', null],
    ['', null],
    ['+1', null],
    ['1 ', null],
    ['1x', null],
    ['x1', null],
  ])('of %j is %j', (text, length) => {
    expect(
      statedLength([
        ['x-a', '7'],
        ['content-length', text],
      ]),
    ).toBe(length);
  });

  it('is that of the first line', () => {
    expect(
      statedLength([
        ['content-length', '1'],
        ['content-length', '2'],
      ]),
    ).toBe(1);
  });

  it('is none without Content-Length', () => {
    expect(statedLength([['x-a', '7']])).toBeNull();
    expect(statedLength([])).toBeNull();
  });
});
