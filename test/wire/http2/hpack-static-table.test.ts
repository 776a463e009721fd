import { expect, it } from 'vitest';
import { STATIC_LENGTH, STATIC_TABLE } from '../../../wire/http2/hpack-static-table.ts';

it.each<[number, string, string]>([
  [1, ':authority', ''],
  [2, ':method', 'GET'],
  [3, ':method', 'POST'],
  [4, ':path', '/'],
  [5, ':path', '/index.html'],
  [6, ':scheme', 'http'],
  [7, ':scheme', 'https'],
  [8, ':status', '200'],
  [14, ':status', '500'],
  [15, 'accept-charset', ''],
  [16, 'accept-encoding', 'gzip, deflate'],
  [17, 'accept-language', ''],
  [32, 'cookie', ''],
  [38, 'host', ''],
  [55, 'set-cookie', ''],
  [58, 'user-agent', ''],
  [61, 'www-authenticate', ''],
])('entry %i of RFC 7541 Appendix A is %s: %s', (index, name, value) => {
  expect(STATIC_TABLE[index]).toEqual([name, value]);
});

it('has 61 entries, and no index 0 on the wire', () => {
  expect(STATIC_LENGTH).toBe(61);
  expect(STATIC_TABLE).toHaveLength(62);
});
