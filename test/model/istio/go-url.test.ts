/** URLs as Go reads them, not as browsers do. */
import { expect, it } from 'vitest';
import { goUrlScheme } from '../../../model/istio/go-url.ts';

it.each([
  'https://a.example:x/',
  ':no-scheme',
  'a:b/c:d\n',
  'http://a b/',
  'http://a\\b/',
  'http://[::1',
  'http://[::1]x/',
  'http://a/%zz',
  'http://a%41/',
  'http://a#%z',
  '1a:b',
  'http://us er@a/',
  'a\u007f',
])('refuses %j', (text) => {
  expect(goUrlScheme(text)).toBeNull();
});

it.each([
  ['https://a.example/k', 'https'],
  ['HTTPS://a.example:8443/k?x=%zz#f', 'https'],
  ['http://user:pw@[fe80::1%25eth0]:80/', 'http'],
  ['http:opaque', 'http'],
  ['ftp://a.example', 'ftp'],
  ['a.example', ''],
  ['a/b:c', ''],
  ['//host/path', ''],
  ['http://ä.example/', 'http'],
  ['', ''],
  ['*', ''],
])('%j has the scheme %j', (text, scheme) => {
  expect(goUrlScheme(text)).toBe(scheme);
});

it.each(['', 'a.example', 'a/b'])('refuses %j as the target of a request', (text) => {
  expect(goUrlScheme(text, 'request')).toBeNull();
});

it('takes what is absolute as the target of a request', () => {
  expect(['/a', 'http://a/#x', '//a'].map((text) => goUrlScheme(text, 'request'))).toEqual(['', 'http', '']);
});

it('reads a host of a megabyte without a stall', () => {
  expect(goUrlScheme(`http://${'a'.repeat(8_000_000)}|/`)).toBeNull();
});
