/** Heads, bodies and the shortest conversations, of which the others are made. */
import type { Talk } from '../../support/conversation.ts';

export type Play = (talk: Talk) => Promise<void>;

export const KILO = 'k'.repeat(1_024);
export const MEGA = 'm'.repeat(1_048_576);

/** A head with the Host that everybody sends. */
export function head(requestLine: string, ...fields: string[]): string {
  return `${[requestLine, 'Host: orders', ...fields].join('\r\n')}\r\n\r\n`;
}

export function get(path: string, ...fields: string[]): string {
  return head(`GET ${path} HTTP/1.1`, ...fields);
}

export function answered(
  statusLine: string,
  fields: readonly string[] = [],
  body: string | Buffer = '',
): Buffer {
  const text = `${[`HTTP/1.1 ${statusLine}`, ...fields].join('\r\n')}\r\n\r\n`;
  return Buffer.concat([Buffer.from(text, 'latin1'), Buffer.from(body)]);
}

export function chunks(...parts: string[]): string {
  return parts.map((part) => `${Buffer.byteLength(part).toString(16)}\r\n${part}\r\n`).join('');
}

/** One request, one answer of the application's default. */
export function ask(bytes: string, request?: 'HEAD'): Play {
  return async ({ client }) => {
    client.send(Buffer.from(bytes, 'latin1'));
    await client.answer(request);
  };
}

/** One plain GET, answered so. */
export function reply(bytes: string | Buffer, request: 'GET' | 'HEAD' = 'GET'): Play {
  return async ({ client, application }) => {
    application.reply(bytes);
    client.send(head(`${request} / HTTP/1.1`));
    await client.answer(request === 'HEAD' ? 'HEAD' : undefined);
  };
}
