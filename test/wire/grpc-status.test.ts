import { describe, expect, it } from 'vitest';
import { grpcMessage, grpcStatusOf, isGrpc } from '../../wire/grpc-status.ts';

describe('a gRPC call', () => {
  it.each([
    'application/json',
    'application/grpc-web',
    'application/grpcx',
    'text/application/grpc+',
    'application/grpc;x=y',
    '',
  ])('is none of Content-Type %j', (type) => {
    expect(isGrpc([['content-type', type]])).toBe(false);
  });

  it('is none without a Content-Type, whatever other fields say', () => {
    expect(isGrpc([])).toBe(false);
    expect(isGrpc([['accept', 'application/grpc']])).toBe(false);
  });

  it.each(['application/grpc', 'application/grpc+proto', 'application/grpc+json'])('is one of %s', (type) => {
    expect(
      isGrpc([
        ['te', 'trailers'],
        ['content-type', type],
      ]),
    ).toBe(true);
  });
});

/** The table of gRPC's document "HTTP to gRPC Status Code Mapping". */
it.each([
  [200, 2],
  [400, 13],
  [401, 16],
  [403, 7],
  [404, 12],
  [418, 2],
  [429, 14],
  [500, 2],
  [502, 14],
  [503, 14],
  [504, 14],
])('HTTP status %i is gRPC status %i', (http, grpc) => {
  expect(grpcStatusOf(http)).toBe(grpc);
});

it.each([
  ['100%', '100%25'],
  ['a\r\nb', 'a%0D%0Ab'],
  ['\x7f', '%7F'],
  ['naïve', 'na%C3%AFve'],
  ['😀', '%F0%9F%98%80'],
  [' RBAC: access denied ~', ' RBAC: access denied ~'],
  ['#$&', '#$&'],
])('the message %j goes as %s', (text, wanted) => {
  expect(grpcMessage(text)).toBe(wanted);
});
