import { once } from 'node:events';
import net from 'node:net';
import { beforeAll, describe, expect, it } from 'vitest';
import { authorizationPolicy, sendRaw, type Application, type Pair } from '../support/sidecar-pair.ts';
import { usePair } from '../support/use-pair.ts';

let application: Application;
let pair: Pair;

usePair((both) => ({ application, pair } = both), {
  limits: { headerTimeoutMs: 200, handshakeTimeoutMs: 300 },
});
beforeAll(async () => {
  await pair.publish({ policies: [authorizationPolicy('any', { rules: [{}] })], mtls: 'DISABLE' });
});

const inbound = () => pair.at('orders-0', '8080');
const send = (...pieces: string[]) =>
  sendRaw(inbound(), ...pieces.map((piece) => Buffer.from(piece, 'latin1')));
const get = (head: string) => `${head}\r\nConnection: close\r\n\r\n`;

describe('what Envoy’s codec refuses, the application never sees', () => {
  it('a folded header line is refused', async () => {
    const answer = await send('GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n folded\r\nConnection: close\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(application.requests).toEqual([]);
  });

  it.each([
    ['an unknown method', get('FOO / HTTP/1.1\r\nHost: a'), 400],
    ['M-SEARCH, which Node’s parser knows', get('M-SEARCH / HTTP/1.1\r\nHost: a'), 400],
    ['HTTP/0.9', 'GET /\r\n\r\n', 400],
    ['HTTP/1.0', get('GET / HTTP/1.0\r\nHost: a'), 426],
    ['no Host', get('GET / HTTP/1.1'), 400],
    ['a Host with a slash', get('GET / HTTP/1.1\r\nHost: a/b'), 400],
    ['a path without a slash', get('GET admin HTTP/1.1\r\nHost: a'), 400],
    ['a byte above ASCII in the path', get('GET /\u00e9 HTTP/1.1\r\nHost: a'), 400],
    ['%00 in the path', get('GET /%00 HTTP/1.1\r\nHost: a'), 400],
    ['OPTIONS *', get('OPTIONS * HTTP/1.1\r\nHost: a'), 404],
    [
      'Content-Length with Transfer-Encoding',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    [
      'two Content-Lengths',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
      400,
    ],
    [
      'Transfer-Encoding: identity',
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\nab',
      501,
    ],
    [
      'an unknown Transfer-Encoding',
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\nab',
      501,
    ],
    ['Connection naming Host', 'GET / HTTP/1.1\r\nHost: a\r\nConnection: host\r\n\r\n', 400],
    [
      'Connection naming X-Forwarded-For',
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: x-forwarded-for\r\n\r\n',
      400,
    ],
    ['more than 100 fields', get(`GET / HTTP/1.1\r\nHost: a${'\r\nx: y'.repeat(100)}`), 431],
    ['a head above 60 KiB', get(`GET / HTTP/1.1\r\nHost: a\r\nx: ${'y'.repeat(61 * 1024)}`), 431],
    ['a NUL in a value', get('GET / HTTP/1.1\r\nHost: a\r\nx: a\0b'), 400],
    ['a space in a name', get('GET / HTTP/1.1\r\nHost: a\r\nx y: z'), 400],
    ['the method of HTTP/2’s preface', 'PRI * HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['CONNECT', 'CONNECT orders:80 HTTP/1.1\r\nHost: orders:80\r\n\r\n', 400],
  ])('%s', async (_title, bytes, status) => {
    const text = await send(bytes);
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(text.toLowerCase()).toContain('server: istio-envoy');
    expect(application.requests).toEqual([]);
    const events = await pair.seen();
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      kind: 'http',
      decision: { verdict: 'deny', status },
      response: { status, by: 'sidecar' },
    });
    expect(['codec', 'normalization']).toContain(events[0]?.decision.phase);
  });

  it('a ClientHello to a DISABLE port gets a plaintext 400', async () => {
    const text = await send('\u0016\u0003\u0001\u0000\u0005\u0001\u0000\u0000\u0001\u0000');
    expect(text).toMatch(/^HTTP\/1.1 400 /);
  });

  it('a head that takes too long is answered 408', async () => {
    const text = await send('GET / HTTP/1.1\r\nHost: a\r\n');
    expect(text).toMatch(/^HTTP\/1.1 408 /);
    expect((await pair.seen())[0]?.decision).toMatchObject({ verdict: 'deny', phase: 'codec', status: 408 });
  });

  it('a broken chunk ends the exchange and the connection', async () => {
    const text = await send(
      'POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n',
      'zz\r\nab\r\n',
    );
    expect(text === '' || text.startsWith('HTTP/1.1 400')).toBe(true);
    expect((await pair.seen()).length).toBeGreaterThan(0);
  });

  it('bytes after an answered request are no second request of a smuggler', async () => {
    const text = await send(
      'POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nGET ',
      get('GET /b HTTP/1.1\r\nHost: a'),
    );
    expect(application.requests).toEqual(['POST /a', 'GET /b']);
    expect(text.match(/HTTP\/1.1 200/g)).toHaveLength(2);
  });
});

describe('what Envoy lets through is let through as it does', () => {
  it('joins two Hosts', async () => {
    await send(get('GET /h HTTP/1.1\r\nHost: a\r\nHost: b'));
    expect((await pair.seen())[0]?.request).toMatchObject({ host: 'a,b' });
  });

  it('an absolute target replaces Host', async () => {
    const text = await send(get('GET http://other.example:81/p HTTP/1.1\r\nHost: cart'));
    expect((await pair.seen())[0]?.request).toMatchObject({ host: 'other.example:81', path: '/p' });
    expect(text).toContain('"host":"other.example:81"');
  });

  it('drops a field that Connection names', async () => {
    const text = await send('GET / HTTP/1.1\r\nHost: a\r\nx-a: 1\r\nConnection: close, x-a\r\n\r\n');
    expect(text).not.toContain('"x-a"');
  });

  it('takes a fragment off the path, and says that this is a hole', async () => {
    await send(get('GET /admin#x HTTP/1.1\r\nHost: a'));
    expect(application.requests).toEqual(['GET /admin']);
    expect((await pair.seen())[0]?.findings).toMatchObject([{ code: 'istio-allows', attack: 'P7' }]);
  });

  it('adds content-length: 0 to a POST without a body, and nothing to a GET', async () => {
    expect(await send(get('POST / HTTP/1.1\r\nHost: a'))).toContain('"content-length":"0"');
    expect(await send(get('GET / HTTP/1.1\r\nHost: a'))).not.toContain('"content-length"');
  });

  it('a forged XFCC over plaintext is removed', async () => {
    expect(
      await send(get('GET / HTTP/1.1\r\nHost: a\r\nx-forwarded-client-cert: URI=spiffe://x')),
    ).not.toContain('spiffe://x');
  });

  it('reads a request that comes byte by byte', async () => {
    const socket = net.connect({ ...inbound(), noDelay: true });
    await once(socket, 'connect');
    for (const byte of get('GET /drip HTTP/1.1\r\nHost: a')) {
      socket.write(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 200/);
    socket.destroy();
  });
});
