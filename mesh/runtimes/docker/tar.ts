/** A few files as a tar archive, in memory: so that a secret is put into a container without lying on a disk. */

export interface TarFile {
  /** Absolute, in the container. */
  path: string;
  content: Buffer;
  mode: number;
  uid: number;
  gid: number;
  /** Seconds since the epoch; absent = 0. */
  modifiedAt?: number;
}

const BLOCK = 512;
const LONGEST_NAME = 100;
const FILE = '0';
/** GNU tar's: the next entry's name is this one's content. */
const LONG_NAME = 'L';

/** The archive, in the ustar format (POSIX.1-1988), with GNU tar's long names: every engine reads both. */
export function tarOf(files: readonly TarFile[]): Buffer {
  const parts = files.flatMap((file) => {
    const name = Buffer.from(file.path.replace(/^\/+/, ''));
    const entry = [header(name, FILE, file), ...padded(file.content)];
    if (name.length <= LONGEST_NAME) return entry;
    const content = Buffer.concat([name, Buffer.from([0])]);
    const marker = Buffer.from('././@LongLink');
    return [header(marker, LONG_NAME, { content, mode: 0, uid: 0, gid: 0 }), ...padded(content), ...entry];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

function padded(content: Buffer): Buffer[] {
  return [content, Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)];
}

function header(
  name: Buffer,
  type: string,
  { content, mode, uid, gid, modifiedAt = 0 }: Omit<TarFile, 'path'>,
): Buffer {
  const block = Buffer.alloc(BLOCK);
  name.copy(block, 0, 0, LONGEST_NAME);
  const octal = (value: number, at: number, width: number): void => {
    block.write(`${value.toString(8).padStart(width - 1, '0')}\0`, at, 'latin1');
  };
  octal(mode, 100, 8);
  octal(uid, 108, 8);
  octal(gid, 116, 8);
  octal(content.length, 124, 12);
  octal(modifiedAt, 136, 12);
  block.write('        ', 148, 'latin1');
  block.write(type, 156, 'latin1');
  block.write('ustar\0' + '00', 257, 'latin1');
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  return block;
}
