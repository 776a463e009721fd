import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { ImageProgress } from '../../model/image-progress.ts';
import { createProgress } from '../../cli/progress.ts';

function terminal(kind: 'terminal' | 'file'): { stream: NodeJS.WriteStream; written(): string } {
  const stream = new PassThrough();
  const pieces: string[] = [];
  stream.on('data', (chunk: Buffer) => pieces.push(chunk.toString()));
  return {
    stream: Object.assign(stream, {
      isTTY: kind === 'terminal',
      columns: 60,
    }) as unknown as NodeJS.WriteStream,
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

  const pulling = (doneBytes: number, over: Partial<ImageProgress> = {}): ImageProgress => ({
    image: 'redis:7',
    workloads: ['cache'],
    status: 'running',
    work: {
      kind: 'pull',
      layers: [{ id: 'a', status: 'downloading', doneBytes, totalBytes: 4_000_000 }],
    },
    error: null,
    ...over,
  });
  const building: ImageProgress = {
    image: 'shop/web',
    workloads: ['web'],
    status: 'running',
    work: {
      kind: 'build',
      doneSteps: 1,
      totalSteps: 3,
      step: 'RUN echo \u001b[2J and much more than fits in a line',
    },
    error: null,
  };

  it('has a line an image on a terminal, written over in place and never wider than it is', () => {
    const { stream, written } = terminal('terminal');
    const progress = createProgress(stream);
    progress.show('preparing', [pulling(1_000_000)]);
    progress.show('preparing', [pulling(2_000_000), building]);
    progress.show('preparing', [pulling(4_000_000, { status: 'done' }), { ...building, status: 'done' }]);
    progress.done();
    expect(written()).toBe(
      [
        '\r\x1b[2Kpreparing\npulling redis:7: 1.0 MB of 4.0 MB, 0 of 1 layers',
        '\r\x1b[2K\x1b[1A\x1b[2Kpreparing\npulling redis:7: 2.0 MB of 4.0 MB, 0 of 1 layers\nbuilding shop/web: step 2 of 3: RUN echo \\u{1b}[2J and muc…',
        '\r\x1b[2K\x1b[1A\x1b[2K\x1b[1A\x1b[2Kpreparing',
        '\r\x1b[2K',
      ].join(''),
    );
  });

  it('has a line elsewhere for what begins, for each layer and step, and for what ends, not for each byte', () => {
    const { stream, written } = terminal('file');
    const progress = createProgress(stream);
    for (const bytes of [0, 1_000_000, 2_000_000]) progress.show('preparing', [pulling(bytes)]);
    progress.show('preparing', [pulling(2_000_000, { status: 'failed', error: 'r.test has no such image' })]);
    expect(written()).toBe(
      'preparing\npulling redis:7: 0 B of 4.0 MB, 0 of 1 layers\nnot pulled redis:7: r.test has no such image\n',
    );
  });
});
