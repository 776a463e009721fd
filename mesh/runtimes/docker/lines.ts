/** A stream of bytes as lines of text, bounded: a service that prints a gigabyte without a newline costs nothing. */
import type { Readable } from 'node:stream';

const LONGEST_LINE = 16_384;

/** Calls `sink` for every line; resolves at the end of the stream. A longer line comes in pieces. */
export async function eachLine(stream: Readable, sink: (line: string) => void): Promise<void> {
  stream.setEncoding('utf8');
  let rest = '';
  for await (const chunk of stream as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) sink(line.replace(/\r$/, ''));
    for (; rest.length > LONGEST_LINE; rest = rest.slice(LONGEST_LINE)) sink(rest.slice(0, LONGEST_LINE));
  }
  if (rest !== '') sink(rest);
}
