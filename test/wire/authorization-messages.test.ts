/** Against another implementation of Protocol Buffers: what we write it reads, what it writes we read. */
import { fileURLToPath } from 'node:url';
import { loadSync } from '@grpc/proto-loader';
import { describe, expect, it } from 'vitest';
import { decodeCheckResponse, encodeCheckRequest } from '../../wire/authorization-messages.ts';

const file = fileURLToPath(new URL('../conformance/ext-authz.proto', import.meta.url));
const { Check } = loadSync(file, { keepCase: true, defaults: true })[
  'envoy.service.auth.v3.Authorization'
] as unknown as {
  Check: { requestDeserialize(bytes: Buffer): unknown; responseSerialize(value: object): Buffer };
};

const header = (key: string, value: string, more: object = {}) => ({ header: { key, value }, ...more });

/** A field of bytes. */
const field = (number: number, ...content: number[]): number[] => [
  number * 8 + 2,
  content.length,
  ...content,
];
const OK = field(1);
const DENIED = field(1, 0x08, 7);
/** A field without its value. */
const CUT = [0x08];

describe('an answer', () => {
  it.each([
    ['the status', field(1, ...CUT)],
    ['the response', [...OK, ...field(3, ...CUT)]],
    ['a header to set', [...OK, ...field(3, ...field(2, ...CUT))]],
    ['the name of a header to set', [...OK, ...field(3, ...field(2, ...field(1, ...CUT)))]],
    ['a header of the response', [...OK, ...field(3, ...field(6, ...CUT))]],
    ['the denial', [...DENIED, ...field(2, ...CUT)]],
    ['the status of the denial', [...DENIED, ...field(2, ...field(1, ...CUT))]],
    ['a header of the denial', [...DENIED, ...field(2, ...field(2, ...CUT))]],
  ])('is none when %s is no message', (_, bytes) => {
    expect(decodeCheckResponse(Uint8Array.from(bytes))).toBeNull();
  });

  it.each([
    ['a message', [0x08, 7, ...field(2, 0x78)]],
    ['a number nobody knows', [0x08, 7, 0x18, 0]],
    ['a code of the wrong type', [0x08, 7, ...field(1)]],
  ])('denies by its code, with %s behind it too', (_, status) => {
    expect(decodeCheckResponse(Uint8Array.from(field(1, ...status)))).toMatchObject({ kind: 'denied' });
  });

  it('says nothing with a field of the wrong type', () => {
    const bytes = Uint8Array.from([...OK, ...field(3, 0x28, 1, 0x10, 1)]);
    expect(decodeCheckResponse(bytes)).toEqual({ kind: 'allowed', request: [], remove: [], response: [] });
  });

  it('is none when its bytes are no message', () => {
    expect(decodeCheckResponse(Uint8Array.from([0x0a, 0xff]))).toBeNull();
    expect(decodeCheckResponse(Uint8Array.from([0x0a, 0x02, 0x08]))).toBeNull();
  });

  it('denies when its status is not OK, whatever else it says', () => {
    const bytes = Check.responseSerialize({
      status: { code: 16 },
      ok_response: { headers: [header('x', 'y')] },
    });
    expect(decodeCheckResponse(bytes)).toEqual({ kind: 'denied', status: 403, headers: [], body: '' });
  });

  it('denies with the status, headers and body that it names', () => {
    const bytes = Check.responseSerialize({
      status: { code: 7 },
      denied_response: { status: { code: 302 }, headers: [header('Location', '/login')], body: 'no' },
    });
    expect(decodeCheckResponse(bytes)).toEqual({
      kind: 'denied',
      status: 302,
      headers: [{ name: 'location', value: '/login', action: 'add' }],
      body: 'no',
    });
  });

  it('allows with the headers to set, to add and to remove', () => {
    const bytes = Check.responseSerialize({
      status: { code: 0 },
      ok_response: {
        headers: [
          header('a', '1', { append_action: 2 }),
          header('b', '2', { append: { value: true } }),
          header('c', '3', { append: { value: false } }),
          header('d', '4', { append_action: 1 }),
          header('e', '5', { append_action: 3 }),
        ],
        headers_to_remove: ['x-secret'],
        response_headers_to_add: [header('x-result', 'ok')],
      },
    });
    expect(decodeCheckResponse(bytes)).toEqual({
      kind: 'allowed',
      request: [
        { name: 'a', value: '1', action: 'overwrite' },
        { name: 'b', value: '2', action: 'add' },
        { name: 'c', value: '3', action: 'overwrite' },
        { name: 'd', value: '4', action: 'add-if-absent' },
        { name: 'e', value: '5', action: 'overwrite-if-present' },
      ],
      remove: ['x-secret'],
      response: [{ name: 'x-result', value: 'ok', action: 'add' }],
    });
  });
});

describe('a header of an answer', () => {
  const change = (...option: number[]) =>
    decodeCheckResponse(Uint8Array.from([...OK, ...field(3, ...field(2, ...option))]));
  const request = (name: string, value: string) => [{ name, value, action: 'add' }];

  it('is added where the action is one that nobody knows', () => {
    expect(change(...field(1, ...field(1, 0x61)), 0x18, 9)).toMatchObject({ request: request('a', '') });
  });

  it('may have neither name nor value', () => {
    expect(change()).toMatchObject({ request: request('', '') });
  });

  it('has the last of its raw values where it has no other', () => {
    const raw = [...field(1, 0x61), ...field(3, 0x31), ...field(3, 0x32)];
    expect(change(...field(1, ...raw))).toMatchObject({ request: request('a', '2') });
    expect(change(...field(1, ...raw, ...field(2, 0x33)))).toMatchObject({ request: request('a', '3') });
  });
});

describe('a question', () => {
  it('has no query where the path has none', () => {
    const peer = { address: '10.0.0.1', port: 1, principal: null };
    const bytes = encodeCheckRequest({
      source: peer,
      destination: peer,
      at: 1,
      id: '',
      method: 'GET',
      scheme: 'http',
      host: 'a',
      path: '/a',
      protocol: 'HTTP/2',
      headers: [],
    });
    expect(Check.requestDeserialize(Buffer.from(bytes))).toMatchObject({
      attributes: { request: { http: { path: '/a', query: '' } } },
    });
  });

  it('says who asks for what, with every header', () => {
    const bytes = encodeCheckRequest({
      source: { address: '10.0.0.1', port: 4711, principal: 'spiffe://cluster.local/ns/shop/sa/web' },
      destination: { address: '10.0.0.2', port: 8080, principal: null },
      at: 1_700_000_000,
      id: 'r-1',
      method: 'GET',
      scheme: 'https',
      host: 'cart.shop',
      path: '/a?b=c',
      protocol: 'HTTP/1.1',
      headers: [['x-role', 'admin']],
    });
    expect(Check.requestDeserialize(Buffer.from(bytes))).toMatchObject({
      attributes: {
        source: {
          address: { socket_address: { address: '10.0.0.1', port_value: 4711 } },
          principal: 'spiffe://cluster.local/ns/shop/sa/web',
        },
        destination: { principal: '' },
        request: {
          http: {
            id: 'r-1',
            method: 'GET',
            path: '/a?b=c',
            query: 'b=c',
            host: 'cart.shop',
            scheme: 'https',
            protocol: 'HTTP/1.1',
            headers: {
              ':authority': 'cart.shop',
              ':method': 'GET',
              ':path': '/a?b=c',
              ':scheme': 'https',
              'x-role': 'admin',
            },
          },
        },
      },
    });
  });
});
