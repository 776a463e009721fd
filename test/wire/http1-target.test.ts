/** Request targets over HTTP/1, each as Envoy 1.40 was seen to take it. */
import { describe, expect, it } from 'vitest';
import { splitTarget } from '../../wire/http1-target.ts';

function read(target: string, method = 'GET'): string {
  const split = splitTarget(method, target);
  return 'details' in split ? `${split.status} ${split.details}` : `${split.host ?? '-'} ${split.path}`;
}

describe('an HTTP/1 request target', () => {
  it.each([
    ['http://a|b/', '400 http1.codec_error'],
    ['http://a"/', '400 http1.codec_error'],
    ['http://a\\b', '400 http1.codec_error'],
    ['http://u{@a/', '400 http1.codec_error'],
    ['http://u@@a/', '400 http1.codec_error'],
    ['http://a#x', '400 http1.codec_error'],
    ['http://a:80#x', '400 http1.codec_error'],
    ['https//a/', '400 http1.codec_error'],
    ['http:/b', '400 http1.codec_error'],
    ['mailto:a', '400 http1.codec_error'],
    ['1http://a/', '400 http1.codec_error'],
    ['://a/', '400 http1.codec_error'],
    ['admin', '400 http1.codec_error'],
    ['/é', '400 http1.codec_error'],
    ['/\u0001', '400 http1.invalid_characters'],
    ['ftp://a/b', '400 http1.invalid_scheme'],
    ['h-t://a/', '400 http1.invalid_scheme'],
    ['xhttp://a/', '400 http1.invalid_scheme'],
    ['httpx://a/', '400 http1.invalid_scheme'],
    ['http:///b', '400 http1.invalid_url'],
    ['http://', '400 http1.invalid_url'],
    ['http://u@/', '400 http1.invalid_url'],
    ['http://a@b@c/', '400 http1.invalid_url'],
    ['http://a:x/b', '400 http1.invalid_url'],
    ['http://a:/b', '400 http1.invalid_url'],
    ['http://a:65536/', '400 http1.invalid_url'],
    ['http://a:80:80/', '400 http1.invalid_url'],
    ['http://a_b/', '400 http1.invalid_url'],
    ['http://a%41b/', '400 http1.invalid_url'],
    ['http://a,b/', '400 http1.invalid_url'],
    ['http://[1:2]/', '400 http1.invalid_url'],
    ['http://[1.2.3.4]/', '400 http1.invalid_url'],
    ['http://[]/', '400 http1.invalid_url'],
    ['http://[::1]x/', '400 http1.invalid_url'],
    ['http://[::1%25e]/', '400 http1.invalid_url'],
    ['*', '400 http1.invalid_url'],
    ['http://a?x', '404 absolute_path_rejected'],
    ['http://a:80?#', '404 absolute_path_rejected'],
  ])('%s is refused: %s', (target, refusal) => {
    expect(read(target)).toBe(refusal);
  });

  it('* of OPTIONS is no path, and CONNECT has no target that is taken', () => {
    expect(read('*', 'OPTIONS')).toBe('404 absolute_path_rejected');
    expect(read('a:80', 'CONNECT')).toBe('400 http1.invalid_url');
  });

  it.each([
    ['/a?b#c', '- /a?b#c'],
    ['//a', '- //a'],
    ['http://a', 'a /'],
    ['HTTP://A/b', 'A /b'],
    ['https://a:65535/x?y', 'a:65535 /x?y'],
    ['http://a:00080/', 'a:00080 /'],
    ['http://-.a../', '-.a.. /'],
    ['http://[::FFFF]:80/', '[::FFFF]:80 /'],
    ['http://@a/', 'a /'],
    ["http://u!$&'()*+,;=:p:q@a/", 'a /'],
    ['http://u%40@a/#b', 'a /#b'],
  ])('%s is host and path %s', (target, wanted) => {
    expect(read(target)).toBe(wanted);
  });

  it.each([
    ['GET', '/\u0001', 'control-in-path', 'http1.invalid_characters'],
    ['GET', '/é', 'byte-in-path', 'http1.codec_error'],
    ['CONNECT', 'a:80', 'bad-target', 'http1.invalid_url'],
    ['GET', '*', 'bad-target', 'http1.invalid_url'],
    ['GET', 'admin', 'bad-target', 'http1.codec_error'],
    ['GET', 'ftp://a/', 'bad-target', 'http1.invalid_scheme'],
    ['GET', 'http://a_b/', 'bad-target', 'http1.invalid_url'],
  ])('%s %j is answered 400 Bad Request, for %s', (method, target, reason, details) => {
    expect(splitTarget(method, target)).toEqual({ status: 400, body: 'Bad Request', details, reason });
  });

  it('a target without a path is answered 404 without a body', () => {
    expect(splitTarget('OPTIONS', '*')).toEqual({
      status: 404,
      body: '',
      details: 'absolute_path_rejected',
      reason: 'path-not-absolute',
    });
  });
});
