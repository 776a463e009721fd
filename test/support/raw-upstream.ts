/**
 * An upstream that reads HTTP/1 with a parser of its own, as strict as can be, logs what it read and answers with the
 * bytes that a test gives it. What it can't read is logged as such, and the connection closed.
 */
import { once } from 'node:events';
import net from 'node:net';
import { listenLocally } from './local-server.ts';

/** A message as the upstream read it. */
export interface ReadMessage {
  startLine: string;
  /** `name: value`, as sent. */
  lines: string[];
  body: string;
}

/** Bytes to answer with; `close`: and then end the connection. */
export interface RawAnswer {
  bytes: string | Buffer;
  close?: boolean;
}

export interface RawUpstream {
  address: { host: string; port: number };
  /** In the order they came; a text is what couldn't be read. */
  read: (ReadMessage | string)[];
  answer(message: ReadMessage): RawAnswer;
  close(): Promise<void>;
}

/** One message off the front of `text`; null = more is needed, a text = why it can't be one. */
function takeMessage(text: string): { message: ReadMessage; length: number } | string | null {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) return null;
  const [startLine = '', ...lines] = text.slice(0, headEnd).split('\r\n');
  if (!/^[A-Z]+ [\x21-\x7e]+ HTTP\/1\.1$/.test(startLine)) return `start line ${JSON.stringify(startLine)}`;
  const bad = lines.find((line) => !/^[!#$%&'*+\-.^_`|~0-9a-z]+: ?[\t\x20-\x7e\x80-\xff]*$/i.test(line));
  if (bad !== undefined) return `field line ${JSON.stringify(bad)}`;
  const values = (name: string): string[] =>
    lines
      .filter((line) => line.toLowerCase().startsWith(`${name}:`))
      .map((line) => line.slice(name.length + 1).trim());
  const [length] = values('content-length');
  const [coding] = values('transfer-encoding');
  const start = headEnd + 4;
  if (coding !== undefined) return takeChunked(text, start, { startLine, lines, body: '' });
  if (length !== undefined && !/^\d+$/.test(length)) return `length ${length}`;
  const end = start + Number(length ?? 0);
  if (text.length < end) return null;
  return { message: { startLine, lines, body: text.slice(start, end) }, length: end };
}

function takeChunked(
  text: string,
  start: number,
  message: ReadMessage,
): { message: ReadMessage; length: number } | string | null {
  let at = start;
  let body = '';
  for (;;) {
    const size = /^([0-9a-fA-F]+)\r\n/.exec(text.slice(at, at + 20));
    if (size === null) return text.length - at < 20 ? null : 'chunk size';
    const length = Number.parseInt(size[1] ?? '', 16);
    at += size[0].length;
    if (length === 0) break;
    if (text.length < at + length + 2) return null;
    body += text.slice(at, at + length);
    at += length + 2;
  }
  const end = text.startsWith('\r\n', at) ? at + 2 : text.indexOf('\r\n\r\n', at) + 4;
  if (end < 4 || text.length < end) return null;
  return { message: { ...message, body }, length: end };
}

/** Starts it; `answer` may be replaced between requests. */
export async function startRawUpstream(answer: RawUpstream['answer']): Promise<RawUpstream> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      for (let taken = takeMessage(text); taken !== null; taken = takeMessage(text)) {
        if (typeof taken === 'string') {
          upstream.read.push(taken);
          socket.destroy();
          return;
        }
        text = text.slice(taken.length);
        upstream.read.push(taken.message);
        const { bytes, close } = upstream.answer(taken.message);
        const sent = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
        if (close) socket.end(sent);
        else socket.write(sent);
      }
    });
  });
  const port = await listenLocally(server);
  const upstream: RawUpstream = {
    address: { host: '127.0.0.1', port },
    read: [],
    answer,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return upstream;
}
