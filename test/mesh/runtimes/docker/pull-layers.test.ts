import { describe, expect, it } from 'vitest';
import type { LayerProgress } from '../../../../model/image-progress.ts';
import { addToLayers, type PullMessage } from '../../../../mesh/runtimes/docker/pull-layers.ts';

const A = 'be767ad13993';
const B = '58c05676a35d';

const told = (status: string, id = A, current?: number, total?: number, units?: string): PullMessage => ({
  status,
  id,
  progressDetail: {
    ...(current === undefined ? {} : { current }),
    ...(total === undefined ? {} : { total }),
    ...(units === undefined ? {} : { units }),
  },
});
const after = (...messages: readonly PullMessage[]): readonly LayerProgress[] =>
  messages.reduce(addToLayers, [] as readonly LayerProgress[]);

describe('what an engine says while it pulls', () => {
  it('takes no line about the image for a layer', () => {
    const layers = after(told('Pulling fs layer'));
    for (const message of [
      { status: 'Pulling from library/redis', id: '7' },
      { status: 'Digest: sha256:386707f30fd46da4f629f2f3f68fe55e13187387fab4bdac06aca9b51c27d7b8' },
      { status: 'Status: Downloaded newer image for redis:7' },
      told('A word that nobody knows'),
    ])
      expect(addToLayers(layers, message)).toBe(layers);
  });

  it('counts nothing of what it unpacks: those bytes were downloaded', () => {
    expect(
      after(told('Downloading', A, 900, 900), told('Download complete'), told('Extracting', A, 100, 900)),
    ).toEqual([{ id: A, status: 'unpacking', doneBytes: 900, totalBytes: 900 }]);
  });

  it('a download that begins again begins at its new bytes', () => {
    expect(
      after(
        told('Downloading', A, 700, 900),
        told('Retrying in 5 seconds'),
        told('Downloading', A, 100, 900),
      ),
    ).toEqual([{ id: A, status: 'downloading', doneBytes: 100, totalBytes: 900 }]);
    expect(after(told('Downloading', A, 700, 900), told('Retrying in 1 second'))[0]?.doneBytes).toBe(0);
  });

  it('knows the size of a layer whose download it never heard of by what is unpacked', () => {
    const layers = after(told('Pulling fs layer'), told('Download complete'), told('Extracting', A, 32, 106));
    expect(layers).toEqual([{ id: A, status: 'unpacking', doneBytes: 106, totalBytes: 106 }]);
  });

  it('takes the last word of a download as read: complete is all of it', () => {
    expect(after(told('Downloading', A, 512, 900), told('Verifying Checksum'))[0]?.doneBytes).toBe(900);
  });

  it('doesn’t take seconds for bytes', () => {
    expect(
      after(
        told('Downloading', A, 900, 900),
        told('Download complete'),
        told('Extracting', A, 3, undefined, 's'),
      ),
    ).toEqual([{ id: A, status: 'unpacking', doneBytes: 900, totalBytes: 900 }]);
  });

  it('counts no byte of a layer that is there already', () => {
    expect(after(told('Already exists'))).toEqual([{ id: A, status: 'kept', doneBytes: 0, totalBytes: 0 }]);
  });

  it('knows a layer by its short name and its long one', () => {
    const long = `${A}fac08a0a48e1feed28ecbb98d0b5416c1c555435e6149d4b78e0`;
    expect(after(told('Pulling fs layer', long), told('Downloading', A, 1, 2))).toHaveLength(1);
  });

  it('keeps layers in the order in which they were told', () => {
    expect(
      after(told('Waiting', B), told('Waiting', A), told('Pull complete', B)).map(({ id }) => id),
    ).toEqual([B, A]);
  });
});
