import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { looksOf, type PolicyWatch, watchPolicies } from '../../mesh/policy-watch.ts';
import { eventually } from '../support/patience.ts';

let folder = '';
let file = '';
let watch: PolicyWatch | null = null;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'greenroom-watch-'));
  file = join(folder, 'policy.yaml');
  writeFileSync(file, 'a: 1\n');
});
afterEach(() => {
  watch?.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('watching policies', () => {
  it('sees an edit, a file that an editor put in its place, a new file, and a removed one', async () => {
    let seen = 0;
    watch = watchPolicies([folder], async () => {
      seen += 1;
    });
    writeFileSync(file, 'a: 2\n');
    await eventually('the edit', () => seen === 1);
    writeFileSync(join(folder, '.draft'), 'a: 3\n');
    renameSync(join(folder, '.draft'), file);
    await eventually('the replacement', () => seen >= 2);
    const before = seen;
    writeFileSync(join(folder, 'other.yaml'), 'b: 1\n');
    await eventually('the new file', () => seen > before);
    const then = seen;
    rmSync(file);
    await eventually('the removal', () => seen > then);
  });

  it('sees an edit of files that were read before it began', async () => {
    let seen = 0;
    const asRead = looksOf([folder]);
    writeFileSync(file, 'a: 22\n');
    const changed = async (): Promise<void> => void (seen += 1);
    watch = watchPolicies([folder], changed, asRead);
    await eventually('the edit', () => seen === 1);
  });

  it('never reports twice at a time, and misses no edit that came meanwhile', async () => {
    let running = 0;
    let most = 0;
    let calls = 0;
    const first = Promise.withResolvers<void>();
    watch = watchPolicies([folder], async () => {
      calls += 1;
      running += 1;
      most = Math.max(most, running);
      if (calls === 1) await first.promise;
      running -= 1;
    });
    writeFileSync(file, 'a: 2\n');
    await eventually('the first', () => calls === 1);
    writeFileSync(file, 'a: 33\n');
    setTimeout(first.resolve, 300);
    await eventually('the second', () => calls === 2);
    expect(most).toBe(1);
  });

  it('goes on watching a folder whose last policy was removed: it may come back', async () => {
    let seen = 0;
    const open = watchPolicies([folder], async () => {
      seen += 1;
      open.follow([]);
    });
    watch = open;
    rmSync(file);
    await eventually('the removal', () => seen === 1);
    writeFileSync(file, 'a: 1\n');
    await eventually('the return', () => seen === 2);
  });

  it('follows to other folders', async () => {
    let seen = 0;
    watch = watchPolicies([], async () => {
      seen += 1;
    });
    watch.follow([folder]);
    writeFileSync(file, 'a: 2\n');
    await eventually('the edit', () => seen === 1);
  });

  it('lives with a folder that is not there', () => {
    watch = watchPolicies(['/no/such/folder'], async () => undefined);
  });
});
