/** A reader that left is no error; a disk that is full is one. */
import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { guardOutput } from '../../cli/output-streams.ts';

function failing(code: string): Error {
  return Object.assign(new Error(code), { code });
}

describe('guardOutput', () => {
  it('a result that could not be written ends in an error of the environment', () => {
    const stdout = new EventEmitter();
    const guard = guardOutput(stdout as never, new EventEmitter() as never);
    expect(() => guard.check()).not.toThrow();
    stdout.emit('error', failing('ENOSPC'));
    expect(() => guard.check()).toThrow(/can't be written: ENOSPC/);
  });

  it('a reader that left is told and is no error, however often', () => {
    const stdout = new EventEmitter();
    const stderr = new EventEmitter();
    const guard = guardOutput(stdout as never, stderr as never);
    expect(guard.readerGone.aborted).toBe(false);
    stdout.emit('error', failing('EPIPE'));
    stdout.emit('error', failing('EPIPE'));
    stderr.emit('error', failing('EPIPE'));
    expect(guard.readerGone.aborted).toBe(true);
    expect(() => guard.check()).not.toThrow();
  });
});
