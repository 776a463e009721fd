/** Header fields of one HTTP/1 connection (RFC 9110 §7.6.1): they go no further, and HTTP/2 has none (RFC 9113 §8.2.2). */

export const CONNECTION_FIELDS: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);
