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

describe('an answer', () => {
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

describe('a question', () => {
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
            headers: { ':authority': 'cart.shop', ':path': '/a?b=c', 'x-role': 'admin' },
          },
        },
      },
    });
  });
});
