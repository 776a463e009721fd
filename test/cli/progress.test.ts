import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createProgress } from '../../cli/output.ts';

function terminal(kind: 'terminal' | 'file'): { stream: NodeJS.WriteStream; written(): string } {
  const stream = new PassThrough();
  const pieces: string[] = [];
  stream.on('data', (chunk: Buffer) => pieces.push(chunk.toString()));
  return {
    stream: Object.assign(stream, { isTTY: kind === 'terminal' }) as unknown as NodeJS.WriteStream,
    written: () => pieces.join(''),
  };
}

describe('progress', () => {
  it('says nothing twice, also when a later state says the same as the last one of the start', () => {
    const { stream, written } = terminal('file');
    const progress = createProgress(stream);
    for (const text of ['starting services', 'starting services', 'running']) progress.show(text);
    progress.done();
    progress.show('running');
    progress.show('stopping');
    expect(written()).toBe('starting services\nrunning\nstopping\n');
  });

  it('leaves its line on a terminal to what comes after', () => {
    const { stream, written } = terminal('terminal');
    const progress = createProgress(stream);
    progress.show('running');
    progress.done();
    progress.done();
    progress.show('running');
    expect(written()).toBe('\r\x1b[2Krunning\r\x1b[2K');
  });
});
