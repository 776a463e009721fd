/**
 * What a long step does: on a terminal lines that change in place, one for what is done now and one an image; a line a
 * change elsewhere.
 */
import type { ImageProgress } from '../model/image-progress.ts';
import { imageChanges, imageLines } from './image-lines.ts';
import { printable } from './output.ts';

export interface Progress {
  show(text: string, images?: readonly ImageProgress[]): void;
  /** Leaves the place to what comes after. */
  done(): void;
}

type Stream = Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'write'>;

/** On a stream of its own: results go elsewhere. */
export function createProgress(stream: Stream = process.stderr): Progress {
  return stream.isTTY === true ? inPlace(stream) : lineByLine(stream);
}

function lineByLine(stream: Stream): Progress {
  let last = '';
  let before: readonly ImageProgress[] = [];
  const line = (text: string): unknown => stream.write(`${printable(text)}\n`);
  return {
    show: (text, images = []) => {
      if (text !== last) line(text);
      last = text;
      for (const change of imageChanges(before, images)) line(change);
      before = images;
    },
    done: () => undefined,
  };
}

const CLEAR = '\r\x1b[2K';
const CLEAR_ABOVE = '\x1b[1A\x1b[2K';

function inPlace(stream: Stream): Progress {
  let last = '';
  /** Lines that stand on the terminal; the cursor is at the end of the last one. */
  let standing = 0;
  const clear = (): string => (standing === 0 ? '' : CLEAR + CLEAR_ABOVE.repeat(standing - 1));
  return {
    show: (text, images = []) => {
      // A line that wraps couldn't be taken back.
      const lines = [text, ...imageLines(images)].map((line) =>
        cut(printable(line), (stream.columns ?? 80) - 1),
      );
      const block = lines.join('\n');
      if (block === last) return;
      stream.write((clear() || CLEAR) + block);
      last = block;
      standing = lines.length;
    },
    done: () => {
      if (standing > 0) stream.write(clear());
      standing = 0;
    },
  };
}

function cut(line: string, width: number): string {
  return line.length > width ? `${line.slice(0, Math.max(0, width - 1))}…` : line;
}
