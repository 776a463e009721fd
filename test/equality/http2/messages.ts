/** Heads, bodies and the shortest conversations over HTTP/2, of which the others are made. */
import { FLAG, FRAME } from '../../../wire/http2/protocol.ts';
import type { Fields, Http2Talk } from '../../support/http2-conversation.ts';
import { block, frame } from '../../support/http2-frames.ts';

export type Play = (talk: Http2Talk) => Promise<void>;

export const KILO = 'k'.repeat(1_024);
export const MEGA = 'm'.repeat(1_048_576);

export function asked(path: string, ...more: Fields): Fields {
  return [[':method', 'GET'], [':authority', 'orders'], [':path', path], ...more];
}

export function posted(path: string, ...more: Fields): Fields {
  return [[':method', 'POST'], [':authority', 'orders'], [':path', path], ...more];
}

/** One request, the application's default answer. */
export function ask(fields: Fields, body?: string, trailers?: Fields): Play {
  return async ({ client }) => void (await client.answer(client.request(fields, body, trailers)));
}

/** One GET, answered so. */
export function reply(head: Fields, body = '', trailers?: Fields, method = 'GET'): Play {
  return async ({ client, application }) => {
    const stream = client.request([
      [':method', method],
      [':authority', 'orders'],
      [':path', '/'],
    ]);
    const answer = client.answer(stream);
    (await application.next()).answer(head, body, trailers);
    await answer;
  };
}

/** Frames that Node's client wouldn't send, on stream 1. */
export function frames(...bytes: Buffer[]): Play {
  return async ({ client }) => client.frames(bytes);
}

/** A request's head, and when that has arrived more that isn't as it must be. */
export function opened(fields: Fields, more: Buffer): Play {
  return async ({ client }) =>
    client.frames([frame(FRAME.HEADERS, FLAG.END_HEADERS, 1, block(fields))], [more]);
}

export const status = (code: number, ...more: Fields): Fields => [[':status', String(code)], ...more];

/** For frames: all pseudo-headers are ours to send. */
export function framed(...more: Fields): Fields {
  return [[':method', 'GET'], [':scheme', 'http'], [':authority', 'orders'], [':path', '/'], ...more];
}
