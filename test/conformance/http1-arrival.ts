/** HTTP/1.1 requests out of bytes, nothing decoded, as an application of a conformance run reads them. */
import type { Arrival } from './recorder.ts';

/** The first whole request of `bytes`, and how long it is. */
export function readHttp1Arrival(bytes: Buffer): { arrival: Arrival; length: number } | null {
  const end = bytes.indexOf('\r\n\r\n', 0, 'latin1');
  if (end < 0) return null;
  const [requestLine = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const space = requestLine.indexOf(' ');
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  const arrival = {
    method: requestLine.slice(0, space),
    path: requestLine.slice(space + 1, requestLine.lastIndexOf(' ')),
    headers,
  };
  const length = bodyEnd(bytes, end + 4, headers);
  return length === null ? null : { arrival, length };
}

/** Where the body ends; null while it isn't whole. */
function bodyEnd(bytes: Buffer, start: number, headers: readonly [string, string][]): number | null {
  const length = headers.find(([name]) => name === 'content-length')?.[1];
  if (length !== undefined) return bytes.length >= start + Number(length) ? start + Number(length) : null;
  if (!headers.some(([name]) => name === 'transfer-encoding')) return start;
  for (let at = start; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at, 'latin1');
    if (lineEnd < 0) return null;
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    at = lineEnd + 2 + size + 2;
    if (at > bytes.length) return null;
    if (size === 0) return at;
  }
}
