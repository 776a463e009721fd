/** SURPRISES 87, 89 and 99: what arrives at the upstream, and what the client gets. */
import { describe, expect, it } from 'vitest';
import type { HeaderList } from '../../../model/request-facts.ts';
import {
  requestToUpstream,
  responseToClient,
  withOperation,
} from '../../../policy/routes/request-upstream.ts';
import type { ForwardDecision, RoutedRequest } from '../../../policy/routes/route-decision.ts';
import { asked, CART, decided, object, told } from '../../support/routing.ts';

const CONNECTION = {
  protocol: 'HTTP/1.1',
  remoteAddress: '10.0.0.9',
  remotePort: 4_000,
  localAddress: '10.96.0.1',
  localPort: 80,
};

function decision(http: object, request: Partial<RoutedRequest> = {}): ForwardDecision {
  const written = { route: [{ destination: { host: 'ratings' } }], ...http };
  const made = decided(told([object('VirtualService', { hosts: ['reviews'], http: [written] })]), request);
  if (made?.kind !== 'forward') throw new Error(made?.kind);
  return made;
}
function sent(http: object, request: Partial<RoutedRequest> = {}): RoutedRequest {
  return requestToUpstream(decision(http, request), asked(request), CONNECTION);
}
const twice = (headers: object) => ({
  route: [
    { destination: { host: 'ratings' }, weight: 1, headers },
    { destination: { host: CART }, weight: 1 },
  ],
});

describe('a request', () => {
  it('without a rewrite arrives as it was sent', () => {
    const headers: HeaderList = [['x-envoy-original-host', 'a']];
    expect(sent({}, { path: '/a?b', headers })).toEqual(asked({ path: '/a?b', headers }));
  });

  it('with another host tells which it was', () => {
    for (const http of [
      { rewrite: { authority: 'n' } },
      { headers: { request: { set: { Host: 'n' } } } },
      twice({ request: { set: { ':authority': 'n' } } }),
    ])
      expect(sent(http, { headers: [['x-envoy-original-host', 'forged']] })).toEqual(
        asked({ host: 'n', headers: [['x-envoy-original-host', 'reviews']] }),
      );
  });

  it('with another path tells which it was, and leaves the host’s field alone', () => {
    const headers: HeaderList = [
      ['x-envoy-original-host', 'forged'],
      ['x-envoy-original-path', 'forged'],
    ];
    expect(sent({ rewrite: { uri: '/n' } }, { path: '/a?b', headers })).toEqual(
      asked({
        path: '/na?b',
        headers: [
          ['x-envoy-original-host', 'forged'],
          ['x-envoy-original-path', '/a?b'],
        ],
      }),
    );
  });

  it('goes through its destination’s operations, then its route’s, where there are several destinations', () => {
    const add = (value: string) => ({ request: { add: { x: value } } });
    expect(sent({ ...twice(add('dest')), headers: add('route') }).headers).toEqual([
      ['x', 'dest'],
      ['x', 'route'],
    ]);
  });

  it('goes through its route’s, then its destination’s, where there is one', () => {
    const add = (value: string) => ({ request: { add: { x: value } } });
    const one = {
      route: [{ destination: { host: 'ratings' }, headers: add('dest') }],
      headers: add('route'),
    };
    expect(sent(one).headers).toEqual([
      ['x', 'route'],
      ['x', 'dest'],
    ]);
  });

  it('is what commands ask about, with its pseudo-headers and the connection', () => {
    const set = {
      a: '%REQ(:path)%',
      b: '%REQ(:authority)%',
      c: '%REQ(:method)%',
      d: '%REQ(x)%',
      e: '%REQ(host)%',
      f: '%DOWNSTREAM_REMOTE_ADDRESS%',
      g: '%ROUTE_NAME%',
      h: '%RESP(x)%',
    };
    const { headers } = sent(
      { name: 'named', headers: { request: { set } } },
      { method: 'PUT', path: '/p?q', headers: [['x', 'y']] },
    );
    expect(headers).toEqual([
      ['x', 'y'],
      ['a', '/p?q'],
      ['b', 'reviews'],
      ['c', 'PUT'],
      ['d', 'y'],
      ['e', 'reviews'],
      ['f', '10.0.0.9:4000'],
      ['g', 'named'],
    ]);
  });
});

describe('the operation', () => {
  it('overwrites a client’s own, and is none for hosts that nobody knows', () => {
    const { route } = decision({});
    const own: HeaderList = [['x-envoy-decorator-operation', 'forged']];
    expect(withOperation(own, route)).toEqual([
      ['x-envoy-decorator-operation', 'ratings.shop.svc.cluster.local:80/*'],
    ]);
    expect(withOperation(own, { ...route, operation: null })).toBe(own);
  });
});

describe('an answer', () => {
  const answered: HeaderList = [['server', 'up']];
  const given = (http: object, request: Partial<RoutedRequest> = {}) => {
    const { route, destination } = decision(http, request);
    return responseToClient(route, destination, answered, asked(request), CONNECTION);
  };

  it('goes through the destination’s operations, then the route’s', () => {
    const add = (value: string) => ({ response: { add: { x: value } } });
    expect(given({ ...twice(add('dest')), headers: add('route') })).toEqual([
      ['server', 'up'],
      ['x', 'dest'],
      ['x', 'route'],
    ]);
  });

  it('of the sidecar’s own has the route’s alone', () => {
    const { route } = decision({ headers: { response: { set: { x: '1' } } } });
    expect(responseToClient(route, null, answered, asked(), CONNECTION)).toEqual([...answered, ['x', '1']]);
  });

  it('may tell of the request, of itself and of the route', () => {
    const set = { a: '%REQ(x)%', b: '%REQ(:path)%', c: '%RESP(server)%', d: '%ROUTE_NAME%', e: '%PROTOCOL%' };
    expect(
      given({ name: 'named', headers: { response: { set } } }, { path: '/p', headers: [['x', 'y']] }),
    ).toEqual([
      ['server', 'up'],
      ['a', 'y'],
      ['b', '/p'],
      ['c', 'up'],
      ['d', 'named'],
      ['e', 'HTTP/1.1'],
    ]);
  });
});
