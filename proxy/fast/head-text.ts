/** Heads as the fast lane writes them: one text, one character a byte, names in lower case. */
import { reasonPhrase } from '../reason-phrases.ts';

const statusLines = new Map<number, string>();

/** `HTTP/1.1 200 OK` with its line end. */
export function statusLine(status: number): string {
  let line = statusLines.get(status);
  if (line === undefined) {
    line = `HTTP/1.1 ${status} ${reasonPhrase(status)}\r\n`;
    statusLines.set(status, line);
  }
  return line;
}

/** Field lines, without the empty one behind them. */
export function fieldLines(headers: readonly (readonly [string, string])[]): string {
  let text = '';
  for (const [name, value] of headers) text += `${name}: ${value}\r\n`;
  return text;
}

/** What of a request its head says. */
export interface HeadFacts {
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly headers: readonly (readonly [string, string])[];
}

/** A request's head, with the empty line; `length`: a Content-Length to add. */
export function requestHead({ method, path, host, headers }: HeadFacts, length: string | null): string {
  const added = length === null ? '' : `content-length: ${length}\r\n`;
  return `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\n${fieldLines(headers)}${added}\r\n`;
}
