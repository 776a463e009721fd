import { Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Outgoing } from '../../../proxy/fast/outgoing.ts';

const KB = 1_024;

/** A stream that takes what it is given only when it is told to, and looks at the bytes only then. */
class SlowStream extends Writable {
  readonly writes: string[] = [];
  #take: (() => void) | null = null;

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#take = () => {
      this.writes.push(chunk.toString('latin1'));
      done();
    };
  }

  takeOne(): void {
    const take = this.#take;
    this.#take = null;
    take?.();
  }

  get waits(): boolean {
    return this.#take !== null;
  }
}

describe('an answer on its way to a client', () => {
  it('goes on in one write, whatever pieces of a turn it came in', async () => {
    const stream = new SlowStream();
    const outgoing = new Outgoing(stream);
    outgoing.text('head\r\n');
    outgoing.bytes(Buffer.from('one'));
    outgoing.bytes(Buffer.from('two'));
    expect(stream.waits).toBe(false);
    await turn();
    stream.takeOne();
    expect(stream.writes).toEqual(['head\r\nonetwo']);
  });

  it('goes on at once when it is whole, and nothing follows at the end of the turn', async () => {
    const stream = new SlowStream();
    const outgoing = new Outgoing(stream);
    outgoing.bytes(Buffer.from('all'));
    outgoing.flush();
    stream.takeOne();
    await turn();
    expect(stream.waits).toBe(false);
    expect(stream.writes).toEqual(['all']);
  });

  it('keeps nothing of what is lent', () => {
    const stream = new SlowStream();
    const outgoing = new Outgoing(stream);
    const lent = Buffer.alloc(100 * KB, 'a');
    outgoing.bytes(lent);
    outgoing.flush();
    lent.fill('b');
    stream.takeOne();
    expect(stream.writes).toEqual(['a'.repeat(100 * KB)]);
  });

  it.each([1 * KB, 60 * KB, 128 * KB, 300 * KB])(
    'is never written over by another one while it waits (%i bytes)',
    async (size) => {
      const streams = Array.from({ length: 8 }, () => new SlowStream());
      const clients = streams.map((stream) => new Outgoing(stream));
      for (let round = 0; round < 4; round += 1) {
        clients.forEach((client, index) => client.bytes(Buffer.alloc(size, `${round}${index}`)));
        // One client reads, the others wait: its memory is free again, theirs is not.
        for (const client of clients) client.flush();
        while (streams[0]?.waits === true) {
          streams[0].takeOne();
          await turn();
        }
      }
      for (const stream of streams)
        while (stream.waits) {
          stream.takeOne();
          await turn();
        }
      streams.forEach((stream, index) => {
        const rounds = [0, 1, 2, 3].map((round) => Buffer.alloc(size, `${round}${index}`).toString());
        expect(stream.writes.join('')).toBe(rounds.join(''));
      });
    },
  );

  it('is too much when more waits than a chunk, until the client has taken it', async () => {
    const stream = new SlowStream();
    const outgoing = new Outgoing(stream);
    outgoing.bytes(Buffer.alloc(128 * KB));
    expect(outgoing.full).toBe(false);
    outgoing.bytes(Buffer.alloc(128 * KB));
    expect(outgoing.full).toBe(true);
    const drained = new Promise((resolve) => stream.once('drain', resolve));
    while (stream.waits) {
      stream.takeOne();
      await turn();
    }
    await drained;
    expect(outgoing.full).toBe(false);
  });

  it('holds no whole chunk for a small piece that waits', async () => {
    const stream = new SlowStream();
    const held: number[] = [];
    const write = stream.write.bind(stream) as (chunk: Buffer) => boolean;
    stream.write = (chunk: Buffer): boolean => {
      held.push(chunk.buffer.byteLength);
      return write(chunk);
    };
    const outgoing = new Outgoing(stream);
    for (let piece = 0; piece < 3; piece += 1) {
      outgoing.bytes(Buffer.alloc(20 * KB));
      await turn();
    }
    expect(held).toHaveLength(3);
    expect(Math.max(...held)).toBeLessThan(128 * KB);
  });

  it('is forgotten with a connection that is gone', () => {
    const stream = new SlowStream();
    const outgoing = new Outgoing(stream);
    outgoing.bytes(Buffer.from('late'));
    stream.destroy();
    outgoing.flush();
    expect(stream.waits).toBe(false);
    expect(outgoing.full).toBe(false);
  });

  it('may have a text that is larger than a chunk, in its place', async () => {
    const stream = new SlowStream();
    const outgoing = new Outgoing(stream);
    outgoing.bytes(Buffer.from('before'));
    outgoing.text('x'.repeat(200 * KB));
    outgoing.bytes(Buffer.from('after'));
    outgoing.flush();
    while (stream.waits) {
      stream.takeOne();
      await turn();
    }
    expect(stream.writes.join('')).toBe(`before${'x'.repeat(200 * KB)}after`);
  });
});
