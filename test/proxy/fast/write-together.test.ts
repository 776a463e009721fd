import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { writeTogether } from '../../../proxy/fast/write-together.ts';

/** Tells when it was written to, and what. */
class Told extends Writable {
  readonly #name: string;
  readonly #log: string[];

  constructor(name: string, log: string[]) {
    super({ decodeStrings: false, highWaterMark: 10 });
    this.#name = name;
    this.#log = log;
  }

  override _write(chunk: string, encoding: string, done: () => void): void {
    this.#log.push(`${this.#name} ${chunk} ${encoding}`);
    done();
  }
}

const tick = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

describe('writes that one read brought about', () => {
  it('go out when it is over, one after the other', async () => {
    const log: string[] = [];
    const [one, other] = [new Told('one', log), new Told('other', log)];
    writeTogether(one, 'a');
    log.push('work');
    writeTogether(other, 'b');
    log.push('more work');
    await tick();
    expect(log).toEqual(['work', 'more work', 'one a latin1', 'other b latin1']);
    writeTogether(one, 'c');
    await tick();
    expect(log.at(-1)).toBe('one c latin1');
  });

  it('stay before what is written to the same stream later, and before its end', async () => {
    const log: string[] = [];
    const one = new Told('one', log);
    writeTogether(one, 'a');
    one.write('b', 'latin1');
    writeTogether(one, 'c');
    one.end('d', 'latin1');
    await tick();
    expect(log).toEqual(['one a latin1', 'one b latin1', 'one c latin1', 'one d latin1']);
  });

  it('are too much where more waits than the stream takes, and a drain follows', async () => {
    const one = new Told('one', []);
    expect(writeTogether(one, 'short')).toBe(true);
    expect(writeTogether(one, 'much longer')).toBe(false);
    await new Promise((resolve) => one.once('drain', resolve));
  });

  it('harm nobody whose stream is gone meanwhile', async () => {
    const log: string[] = [];
    const [gone, other] = [new Told('gone', log), new Told('other', log)];
    writeTogether(gone, 'a');
    writeTogether(other, 'b');
    gone.destroy();
    await tick();
    expect(log).toEqual(['other b latin1']);
  });
});
