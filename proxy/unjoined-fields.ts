/**
 * Fields that Node's client can't write as they came: it joins several Cookie lines to one, and refuses a Trailer field
 * beside a fixed length. They are put into the head that Node has made, when all else of it is there.
 */
import { validateHeaderName, validateHeaderValue, type ClientRequest } from 'node:http';
import type { HeaderList } from '../model/request-facts.ts';

/** What Node makes of a request's head; internal, and checked to be there. */
interface MadeHead {
  _implicitHeader(): void;
  _header: string | null;
}

/** Takes those fields out of `grouped` and returns them. */
export function takeUnjoined(grouped: Map<string, string[]>): HeaderList {
  const taken: [string, string][] = [];
  const cookies = grouped.get('cookie');
  if (cookies !== undefined && cookies.length > 1) {
    grouped.delete('cookie');
    taken.push(...cookies.map((value): [string, string] => ['cookie', value]));
  }
  if (!grouped.has('transfer-encoding')) {
    for (const value of grouped.get('trailer') ?? []) taken.push(['trailer', value]);
    grouped.delete('trailer');
  }
  return taken;
}

/** Throws, as `setHeader` does, for what is no field. Call it when every other field is set. */
export function addUnjoined(request: ClientRequest, fields: HeaderList): void {
  if (fields.length === 0) return;
  const made = request as unknown as MadeHead;
  for (const [name, value] of fields) {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  }
  made._implicitHeader();
  if (made._header === null || !made._header.endsWith('\r\n\r\n')) throw new Error('a head without an end');
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  made._header = `${made._header.slice(0, -2)}${lines}\r\n`;
}
