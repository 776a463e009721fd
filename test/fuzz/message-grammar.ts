/**
 * Messages of an attacker: HTTP/1 by the grammar, with faults at the places where parsers have disagreed (ends of
 * messages, ends of lines, names, numbers, chunks), and bytes flipped, cut and doubled anywhere.
 */
import type { Random } from './random.ts';

const METHODS = ['GET', 'GET', 'GET', 'POST', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'TRACE'];
const ODD_METHODS = ['get', 'FOO', 'GET\t', ' GET', 'CONNECT', 'PRI', '', 'G\0T', 'GETGET'];
const TARGETS = ['/', '/a', '/a/b?q=1', '/x/../a', '/%61', '//a', '/a;b=c', '/a%2fb', '/a#f', '/a?b=%zz'];
const ODD_TARGETS = [
  '*',
  'a',
  'http://orders/a',
  'http://other:80',
  '/a b',
  '/a\tb',
  '/\x80',
  '/a\0',
  '?',
  '//',
  '/%00',
];
const VERSIONS = [
  'HTTP/1.0',
  'HTTP/1.2',
  'HTTP/2.0',
  'http/1.1',
  'HTTP/1.1 ',
  'HTTP/1.',
  'HTTP/11',
  '',
  'HTTP/0.9',
];
const ENDS = ['\n', '\r', '\r\r\n', '\n\r', '\r\n '];
const FIELDS = [
  'Accept: */*',
  'X-A: 1',
  'X-A: 2',
  'Cookie: a=b',
  'Connection: keep-alive',
  'User-Agent: fuzz',
  'X-Empty:',
  'X-Long: ' + 'a'.repeat(300),
  'X-Request-Id: r',
  'X-Forwarded-For: 1.1.1.1',
];
const ODD_FIELDS = [
  'Connection: close',
  'Connection: x-a',
  'Connection: upgrade',
  'Upgrade: websocket',
  'Upgrade: h2c',
  'Expect: 100-continue',
  'Host: other',
  'Host:',
  'X A: 1',
  'X-A : 1',
  ' X-A: 1',
  ': 1',
  'X-A',
  'X-A: a\0b',
  'X-A: a\rb',
  'X-A: \x80\xff',
  'X_A: 1',
  'Trailer: X-T',
  'TE: trailers',
  'Transfer-Encoding: identity',
  'Keep-Alive: timeout=5',
  'Proxy-Connection: keep-alive',
  'Content-Length: 3',
  'Transfer-Encoding: chunked',
  'X-Many: ' + 'b'.repeat(70_000),
];
const LENGTHS = [
  '+3',
  '-3',
  '0x3',
  '3 ',
  ' 3',
  '3,3',
  '3, 4',
  '03',
  '3a',
  '',
  '99999999999999999999',
  '3\t',
  '1e1',
];
const CODINGS = [
  'Chunked',
  ' chunked ',
  'chunked,',
  ',chunked',
  'chunked, chunked',
  'gzip, chunked',
  'chunked\t',
  'xchunked',
  'chunked;q=1',
  '\x0bchunked',
];
const SIZES = [
  'g',
  '-1',
  '+1',
  '0x1',
  '1 ',
  ' 1',
  '1;a',
  '1;a="b"',
  '1;\0',
  '00001',
  'fffffffffffffffff',
  '',
  '1\t',
];
const BODIES = [
  '',
  'a',
  'abc',
  'GET /hidden HTTP/1.1\r\nHost: orders\r\n\r\n',
  '0\r\n\r\n',
  '\r\n',
  'x'.repeat(2_000),
];

function chunks(random: Random, body: string, faults: 'plain' | 'odd'): string {
  const odd = faults === 'odd' && random.chance(0.5);
  const size = (length: number): string =>
    odd && random.chance(0.5) ? random.one(SIZES) : length.toString(16);
  const end = (): string => (odd && random.chance(0.2) ? random.one(ENDS) : '\r\n');
  const half = Math.floor(body.length / 2);
  const pieces = body.length > 1 && random.chance(0.5) ? [body.slice(0, half), body.slice(half)] : [body];
  const text = pieces
    .filter((piece) => piece !== '')
    .map((piece) => `${size(piece.length)}${end()}${piece}${end()}`);
  const trailer = random.chance(0.15)
    ? random.one(['X-T: 1\r\n', 'Content-Length: 3\r\n', 'X T: 1\r\n', 'Host: h\r\n'])
    : '';
  return `${text.join('')}${odd && random.chance(0.2) ? random.one(SIZES) : '0'}${end()}${trailer}${end()}`;
}

interface Framed {
  fields: string[];
  body: string;
}

function framed(random: Random, method: string, odd: 'plain' | 'odd'): Framed {
  const bodiless = method === 'GET' || method === 'HEAD' || method === 'DELETE';
  if (random.chance(bodiless ? 0.85 : 0.15)) return { fields: [], body: '' };
  const body = random.one(BODIES);
  const kind = odd === 'odd' ? random.below(20) : random.below(14);
  if (kind < 8) return { fields: [`Content-Length: ${body.length}`], body };
  if (kind < 14) return { fields: ['Transfer-Encoding: chunked'], body: chunks(random, body, odd) };
  if (kind < 15) return { fields: [`Content-Length: ${random.one(LENGTHS)}`], body };
  if (kind < 16)
    return { fields: [`Transfer-Encoding: ${random.one(CODINGS)}`], body: chunks(random, body, odd) };
  const both = [`Content-Length: ${body.length}`, 'Transfer-Encoding: chunked'];
  if (kind < 17)
    return { fields: random.chance(0.5) ? both : both.toReversed(), body: chunks(random, body, odd) };
  if (kind < 18)
    return { fields: [`Content-Length: ${body.length}`, `Content-Length: ${body.length + 1}`], body };
  if (kind < 19) return { fields: [`content-length : ${body.length}`], body };
  return { fields: ['Transfer-Encoding:', ' chunked'], body: chunks(random, body, odd) };
}

/** One message by the grammar, most often without a fault. `mark` tells it from all others. */
function message(random: Random, mark: string, oddness: number): string {
  const odd = random.chance(oddness);
  const maybe = (share: number): boolean => odd && random.chance(share);
  const method = maybe(0.2) ? random.one(ODD_METHODS) : random.one(METHODS);
  const target = maybe(0.2) ? random.one(ODD_TARGETS) : random.one(TARGETS);
  const version = maybe(0.15) ? random.one(VERSIONS) : 'HTTP/1.1';
  const { fields, body } = framed(random, method, odd ? 'odd' : 'plain');
  const lines = [`X-Mark: ${mark}`];
  if (!maybe(0.1)) lines.push('Host: orders');
  for (let count = random.below(4); count > 0; count -= 1) lines.push(random.one(FIELDS));
  if (maybe(0.6)) lines.push(random.one(ODD_FIELDS));
  lines.splice(random.below(lines.length + 1), 0, ...fields);
  const end = (): string => (maybe(0.08) ? random.one(ENDS) : '\r\n');
  return `${method} ${target} ${version}${end()}${lines.map((line) => `${line}${end()}`).join('')}${end()}${body}`;
}

function mutated(random: Random, text: string): string {
  const at = random.below(text.length);
  switch (random.below(5)) {
    case 0:
      return text.slice(0, at) + String.fromCharCode(random.below(256)) + text.slice(at + 1);
    case 1:
      return text.slice(0, at) + String.fromCharCode(random.below(256)) + text.slice(at);
    case 2:
      return text.slice(0, at) + text.slice(at + 1 + random.below(8));
    case 3:
      return text.slice(0, at) + text.slice(random.below(text.length));
    default:
      return text.slice(0, at);
  }
}

/** What one connection sends: one to eight messages, one connection in six with bytes changed at random. Latin-1. */
export function conversation(random: Random, mark: string): { bytes: string; messages: number } {
  const count = random.chance(0.4) ? 1 : 2 + random.below(7);
  const parts = Array.from({ length: count }, (_, index) =>
    message(random, `${mark}-${index}`, count === 1 ? 0.5 : 0.1),
  );
  const bytes = parts.join('');
  return { bytes: random.chance(1 / 6) ? mutated(random, bytes) : bytes, messages: count };
}
