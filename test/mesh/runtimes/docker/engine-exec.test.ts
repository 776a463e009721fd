import { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { execStream } from '../../../../mesh/runtimes/docker/engine-exec.ts';

const CHUNK = Buffer.alloc(64 * 1024);

/** A command that writes without end; how much of it was taken. */
function flood(): { stream: Duplex; taken(): number } {
  let taken = 0;
  const stream = new Duplex({
    read() {
      setImmediate(() => {
        taken += CHUNK.length;
        this.push(CHUNK);
      });
    },
    write: (_chunk, _encoding, done) => done(),
  });
  return { stream, taken: () => taken };
}

it.each(['given', 'none'] as const)(
  'output that nobody takes stays in the command: terminal %s',
  async (terminal) => {
    const { stream, taken } = flood();
    const exec = execStream({
      stream,
      terminal,
      demux: (source, stdout) => source.on('data', (chunk: Buffer) => stdout.write(chunk)),
      resize: async () => undefined,
      exitCode: async () => 0,
    });
    let got = 0;
    const enough = new Promise<void>((resolve) =>
      exec.onOutput((_name, chunk) => {
        got += chunk.length;
        if (got < 4 * CHUNK.length) return;
        exec.pause();
        resolve();
      }),
    );
    await enough;
    for (let turns = 0; turns < 100; turns += 1) await turn();
    const paused = taken();
    expect(paused).toBeLessThan(16 * CHUNK.length);
    exec.resume();
    for (let turns = 0; turns < 100; turns += 1) await turn();
    expect(taken()).toBeGreaterThan(paused);
    stream.destroy();
  },
);
