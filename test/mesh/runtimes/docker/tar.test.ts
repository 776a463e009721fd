import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { tarOf } from '../../../../mesh/runtimes/docker/tar.ts';

const file = (path: string, content: string) => ({
  path,
  content: Buffer.from(content),
  mode: 0o440,
  uid: 7,
  gid: 8,
});

describe('an archive of small files', () => {
  it('holds a path of any length, and of a file when it was written', () => {
    const path = `${'x'.repeat(99)}/${'y'.repeat(99)}`;
    const tar = tarOf([{ ...file(`/${path}`, 'long'), modifiedAt: 86_400 }, file('/b', '')]);
    const listed = execFileSync('tar', ['--utc', '-tvf', '-'], { input: tar, encoding: 'utf8' });
    expect(listed).toContain(`1970-01-02 00:00 ${path}\n`);
    expect(execFileSync('tar', ['-xOf', '-', path], { input: tar, encoding: 'utf8' })).toBe('long');
  });

  it('is what tar lists: paths, owners, modes and sizes', () => {
    const tar = tarOf([file('/run/secrets/a', 'x'.repeat(513)), file('/b', '')]);
    const listed = execFileSync('tar', ['--numeric-owner', '-tvf', '-'], { input: tar, encoding: 'utf8' });
    expect(
      listed
        .split('\n')
        .map((line) => line.replace(/\s+\d{4}-\d\d-\d\d \d\d:\d\d /, ' ').replaceAll(/ +/g, ' ')),
    ).toEqual(['-r--r----- 7/8 513 run/secrets/a', '-r--r----- 7/8 0 b', '']);
  });

  it('holds what it was given', () => {
    const read = execFileSync('tar', ['-xOf', '-', 'a'], {
      input: tarOf([file('/a', 'héllo')]),
      encoding: 'utf8',
    });
    expect(read).toBe('héllo');
  });
});
