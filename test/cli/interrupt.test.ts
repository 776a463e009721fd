/** Ctrl-C: once is a tidy end, however often it arrives; twice is an end at once. */
import { describe, expect, it } from 'vitest';
import { Interrupted } from '../../cli/exit-codes.ts';
import { interruptible } from '../../cli/interrupt.ts';

function ports(): { nowMs(): number; exit(code: number): void; at: number; exits: number[] } {
  const made = {
    at: 5_000,
    exits: [] as number[],
    nowMs: () => made.at,
    exit: (code: number) => void made.exits.push(code),
  };
  return made;
}

describe('Ctrl-C', () => {
  it('that the launcher passes on as well is one wish: the clean-up runs to its end', async () => {
    const given = ports();
    let cleaned = false;
    const ran = interruptible(async (signal) => {
      process.emit('SIGINT');
      given.at += 20;
      process.emit('SIGINT');
      expect(signal.aborted).toBe(true);
      cleaned = true;
    }, given);
    await ran;
    expect(cleaned).toBe(true);
    expect(given.exits).toEqual([]);
  });

  it('asked again ends the process at once', async () => {
    const given = ports();
    await interruptible(async () => {
      process.emit('SIGINT');
      given.at += 1_500;
      process.emit('SIGINT');
    }, given);
    expect(given.exits).toEqual([130]);
  });

  it('makes an interruption of whatever broke because it was cut short', async () => {
    const cut = interruptible(async () => {
      process.emit('SIGTERM');
      throw new Error('half done');
    }, ports());
    await expect(cut).rejects.toThrow(Interrupted);
  });
});
