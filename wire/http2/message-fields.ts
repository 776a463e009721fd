/**
 * The fields of what an HTTP/2 upstream answers, and of trailers, checked as strictly as those of a request (RFC 9113
 * §8.1, §8.2.2, §8.3.2): towards an HTTP/1.1 client an unchecked one would become lines of its own (CVE-2023-27491).
 */
import type { HeaderList } from '../../model/request-facts.ts';
import { CONNECTION_FIELDS } from '../connection-fields.ts';
import { isFieldName, isFieldValue } from '../field-grammar.ts';
import type { DecodedBlock } from './hpack-decoder.ts';

export interface Http2Response {
  status: number;
  headers: [string, string][];
}

/** The head of a response; null = it is malformed. */
export function checkResponseFields({ fields, overflow }: DecodedBlock): Http2Response | null {
  const [first, ...rest] = fields;
  if (overflow !== null || first === undefined || first[0] !== ':status') return null;
  if (!/^[1-5][0-9]{2}$/.test(first[1]) || first[1] === '101') return null;
  const headers = checkFields(rest);
  return headers === null ? null : { status: Number(first[1]), headers };
}

/** Trailers; null = they are malformed. */
export function checkTrailerFields({ fields, overflow }: DecodedBlock): [string, string][] | null {
  return overflow === null ? checkFields(fields) : null;
}

function checkFields(fields: HeaderList): [string, string][] | null {
  const headers: [string, string][] = [];
  for (const [name, value] of fields) {
    if (!isFieldName(name) || !isFieldValue(value) || CONNECTION_FIELDS.has(name)) return null;
    headers.push([name, value]);
  }
  return headers;
}

/** The body's length as the head states it; null = it doesn't. */
export function statedLength(headers: HeaderList): number | null {
  const stated = headers.find(([name]) => name === 'content-length');
  return stated === undefined || !/^[0-9]{1,15}$/.test(stated[1]) ? null : Number(stated[1]);
}
