/** What a client may ask over HTTP/2: methods, bodies of every size, targets, fields. */
import { FLAG, FRAME } from '../../../wire/http2/protocol.ts';
import { frame, request } from '../../support/http2-frames.ts';
import {
  ask,
  asked,
  framed,
  frames,
  KILO,
  MEGA,
  opened,
  posted,
  reply,
  status,
  type Play,
} from './messages.ts';

export const METHODS: Record<string, Play> = {
  ...Object.fromEntries(
    ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'FROBNICATE', 'get'].flatMap(
      (method): [string, Play][] => [
        [
          `h2: ${method} without a body`,
          ask([
            [':method', method],
            [':authority', 'orders'],
            [':path', '/a'],
          ]),
        ],
        [
          `h2: ${method} with a body`,
          ask(
            [
              [':method', method],
              [':authority', 'orders'],
              [':path', '/a'],
              ['content-length', '4'],
            ],
            'body',
          ),
        ],
      ],
    ),
  ),
  'h2: HEAD': ask([
    [':method', 'HEAD'],
    [':authority', 'orders'],
    [':path', '/a'],
  ]),
  'h2: HEAD with a length': reply(status(200, ['content-length', '1000']), '', undefined, 'HEAD'),
};

export const SIZES: Record<string, Play> = Object.fromEntries(
  Object.entries({ nothing: '', 'a byte': 'x', 'a kilobyte': KILO, 'a megabyte': MEGA }).flatMap(
    ([size, body]): [string, Play][] => [
      [`h2: a request with ${size}`, ask(posted('/up'), body)],
      [
        `h2: a request with ${size}, its length told`,
        ask(posted('/up', ['content-length', String(body.length)]), body),
      ],
      [`h2: an answer with ${size}`, reply(status(200), body)],
      [
        `h2: an answer with ${size}, its length told`,
        reply(status(200, ['content-length', String(body.length)]), body),
      ],
    ],
  ),
);

export const TARGETS: Record<string, Play> = {
  'h2: a query': ask(asked('/a?b=c&d=%20e&&f')),
  'h2: dot segments': ask(asked('/a/./b/../c')),
  'h2: dot segments above the root': ask(asked('/../../a')),
  'h2: double slashes': ask(asked('//a//b')),
  'h2: a backslash': ask(asked('/a\\b')),
  'h2: a fragment': ask(asked('/a#b')),
  'h2: escapes': ask(asked('/%41%2f%2F%zz%e4')),
  'h2: a long path': ask(asked(`/${'p'.repeat(8_000)}`)),
  'h2: an authority with a port': ask([
    [':authority', 'orders:80'],
    [':path', '/'],
  ]),
  'h2: an authority in upper case': ask([
    [':authority', 'ORDERS'],
    [':path', '/'],
  ]),
  'h2: an unknown authority': ask([
    [':authority', 'nobody'],
    [':path', '/'],
  ]),
  'h2: OPTIONS of everything': ask([
    [':method', 'OPTIONS'],
    [':authority', 'orders'],
    [':path', '*'],
  ]),
};

export const FIELDS: Record<string, Play> = {
  'h2: cookies in crumbs': ask(asked('/', ['cookie', 'a=1'], ['cookie', 'b=2'], ['cookie', 'c=3; d=4'])),
  'h2: a field sent twice': ask(asked('/', ['x-twice', 'one'], ['x-twice', 'two'])),
  'h2: Accept sent twice': ask(asked('/', ['accept', 'text/html'], ['accept', '*/*'])),
  'h2: an empty value': ask(asked('/', ['x-empty', ''])),
  'h2: bytes beyond ASCII in a value': frames(request(1, framed(['x-latin', 'caf\xe9']))),
  'h2: blanks around a value': frames(request(1, framed(['x-around', ' \tvalue\t ']))),
  'h2: an underscore in a name': ask(asked('/', ['x_under_score', 'kept'])),
  'h2: fifty fields': ask(
    asked('/', ...Array.from({ length: 50 }, (_, index): [string, string] => [`x-field-${index}`, 'a'])),
  ),
  'h2: a hundred and one fields': ask(
    asked('/', ...Array.from({ length: 101 }, (_, index): [string, string] => [`x-field-${index}`, 'a'])),
  ),
  'h2: a value of 50 kilobytes': ask(asked('/', ['x-large', 'v'.repeat(50_000)])),
  'h2: fields of more than 60 kilobytes': ask(asked('/', ['x-large', 'v'.repeat(62_000)])),
  'h2: te: trailers': ask(asked('/', ['te', 'trailers'])),
  'h2: te: gzip': frames(request(1, framed(['te', 'gzip']))),
  'h2: connection: close': frames(request(1, framed(['connection', 'close']))),
  'h2: transfer-encoding: chunked': frames(request(1, framed(['transfer-encoding', 'chunked']))),
  'h2: a name in upper case': frames(request(1, framed(['X-Upper', 'a']))),
  'h2: a line end in a value': frames(request(1, framed(['x-a', 'b\r\nx-c: d']))),
  'h2: a pseudo-header behind a field': frames(request(1, [...framed(['x-a', 'b']), [':path', '/b']])),
  'h2: a pseudo-header that nobody knows': frames(request(1, [...framed(), [':what', 'b']])),
  'h2: no :path': frames(request(1, framed().slice(0, 3))),
  'h2: a host beside the authority': ask(asked('/', ['host', 'other'])),
  'h2: authorization': ask(asked('/', ['authorization', 'Basic eDp5'])),
  'h2: x-forwarded fields': ask(
    asked('/', ['x-forwarded-for', '1.2.3.4'], ['x-forwarded-host', 'h'], ['x-forwarded-proto', 'https']),
  ),
  'h2: a client’s x-forwarded-client-cert': ask(
    asked('/', ['x-forwarded-client-cert', 'URI=spiffe://forged']),
  ),
  'h2: fields that control Envoy': ask(
    asked(
      '/',
      ['x-envoy-max-retries', '9'],
      ['x-envoy-upstream-rq-timeout-ms', '1'],
      ['x-envoy-internal', 'true'],
    ),
  ),
  'h2: a length that the body hasn’t': opened(
    framed(['content-length', '5']),
    frame(FRAME.DATA, FLAG.END_STREAM, 1, Buffer.from('abc')),
  ),
  'h2: expect: 100-continue': ask(posted('/', ['expect', '100-continue']), 'body'),
};
