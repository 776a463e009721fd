import { expect, it } from 'vitest';
import { upstreamContentLength } from '../../wire/upstream-content-length.ts';

it.each([
  ['GET', [], null],
  ['HEAD', [], null],
  ['DELETE', [], null],
  ['TRACE', [], null],
  ['POST', [], '0'],
  ['OPTIONS', [], '0'],
  ['get', [], '0'],
  ['GET', [['content-length', '0']], '0'],
  ['POST', [['content-length', '5']], '5'],
] as const)('%s with %j states %j', (method, headers, length) => {
  expect(upstreamContentLength(method, headers)).toBe(length);
});
