/** A few small files as a tar archive, in memory: so that a secret is put into a container without lying on a disk. */

export interface TarFile {
  /** Absolute, in the container. */
  path: string;
  content: Buffer;
  mode: number;
  uid: number;
  gid: number;
}

const BLOCK = 512;

/**
 * The archive, in the ustar format (POSIX.1-1988), which every engine reads.
 * @throws RangeError when a path is longer than the format's 100 bytes
 */
export function tarOf(files: readonly TarFile[]): Buffer {
  const parts = files.flatMap((file) => {
    const padding = Buffer.alloc((BLOCK - (file.content.length % BLOCK)) % BLOCK);
    return [header(file), file.content, padding];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

function header({ path, content, mode, uid, gid }: TarFile): Buffer {
  const name = Buffer.from(path.replace(/^\/+/, ''));
  if (name.length > 100) throw new RangeError(`a path of more than 100 bytes: ${path}`);
  const block = Buffer.alloc(BLOCK);
  name.copy(block);
  const octal = (value: number, at: number, width: number): void => {
    block.write(`${value.toString(8).padStart(width - 1, '0')}\0`, at, 'latin1');
  };
  octal(mode, 100, 8);
  octal(uid, 108, 8);
  octal(gid, 116, 8);
  octal(content.length, 124, 12);
  octal(0, 136, 12);
  block.write('        ', 148, 'latin1');
  block.write('0', 156, 'latin1');
  block.write('ustar\0' + '00', 257, 'latin1');
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  return block;
}
