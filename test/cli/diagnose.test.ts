/** `greenroom doctor`: what is broken is a finding, never a crash. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { diagnose } from '../../cli/diagnose.ts';
import { temporaryFolder } from '../support/greenroom.ts';

const never = new AbortController().signal;

let folder = '';
let remove: () => Promise<void> = async () => undefined;
beforeEach(async () => {
  ({ path: folder, remove } = await temporaryFolder());
});
afterEach(async () => await remove());

describe('the data folder', () => {
  it('is broken where a file lies in its place', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    const finding = (await diagnose(file, never)).find(({ what }) => what === 'data folder');
    expect(finding).toMatchObject({ state: 'broken', words: expect.stringContaining(file) });
  });

  it('is made where there is none', async () => {
    const finding = (await diagnose(join(folder, 'data'), never)).find(({ what }) => what === 'data folder');
    expect(finding?.state).toBe('ok');
  });
});

describe("docker's compose plugin", () => {
  it('is named as missing where there is no docker command, and nothing is broken by that', async () => {
    const path = process.env['PATH'];
    process.env['PATH'] = '/nonexistent';
    try {
      const finding = (await diagnose(join(folder, 'data'), never)).find(({ what }) => what === 'compose');
      expect(finding).toMatchObject({ state: 'missing', words: expect.stringContaining('Compose file') });
    } finally {
      process.env['PATH'] = path;
    }
  });
});
